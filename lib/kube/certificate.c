#include "kube/certificate.h"

#include <limits.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

int kube_certificate_days(const char *pem, int *ret_days, struct err *err)
{
	int days = INT_MAX, seconds = 0;

	if (pem) {
		BIO *bio = BIO_new_mem_buf(pem, -1);
		X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		BIO_free(bio);
		if (!certificate)
			return err_set(err, ERR_INVALID, "the client certificate cannot be read");
		int known = ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate));
		X509_free(certificate);
		if (!known)
			return err_set(err, ERR_INVALID, "the client certificate has no valid end");
		if (!days && seconds < 0)
			days = -1;
	}
	*ret_days = days;
	return 0;
}
