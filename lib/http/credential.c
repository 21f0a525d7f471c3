#include "http/credential.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

/* Keeps OpenSSL from asking the terminal for the password of an encrypted key. */
static int no_password(char *buffer, int size, int writing, void *context)
{
	(void)buffer, (void)size, (void)writing, (void)context;
	return -1;
}

static X509 *read_certificate(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = PEM_read_bio_X509(bio, NULL, no_password, NULL);

	BIO_free(bio);
	ERR_clear_error();
	return certificate;
}

static EVP_PKEY *read_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);

	BIO_free(bio);
	ERR_clear_error();
	return key;
}

static time_t certificate_end(const X509 *certificate)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1)
		return 0;
	return timegm(&tm);
}

static int check_pair(X509 *certificate, EVP_PKEY *key, struct err *err)
{
	if (!key)
		return err_set(err, ERR_INVALID,
			       "the client key is not PEM, or it wants a password");
	int fits = X509_check_private_key(certificate, key);
	ERR_clear_error();
	if (fits != 1)
		return err_set(err, ERR_INVALID, "the client key does not fit the certificate");
	return 0;
}

static int check_client(const struct http_peer_options *options, time_t *ret_end, struct err *err)
{
	*ret_end = 0;
	if (!options->certificate && !options->key)
		return 0;
	if (!options->certificate || !options->key)
		return err_set(err, ERR_INVALID,
			       "a client certificate needs its key, and the key its certificate");
	X509 *certificate = read_certificate(options->certificate);
	if (!certificate)
		return err_set(err, ERR_INVALID, "the client certificate is not PEM");
	EVP_PKEY *key = read_key(options->key);
	int r = check_pair(certificate, key, err);
	*ret_end = certificate_end(certificate);
	EVP_PKEY_free(key);
	X509_free(certificate);
	return r;
}

static int check_ca(const char *ca, struct err *err)
{
	if (!ca)
		return 0;
	X509 *certificate = read_certificate(ca);
	if (!certificate)
		return err_set(err, ERR_INVALID, "the CA certificate is not PEM");
	X509_free(certificate);
	return 0;
}

/* A line break would begin another header. */
static int check_token(const char *token, struct err *err)
{
	for (; token && *token; token++)
		if ((unsigned char)*token < ' ' || *token == 0x7f)
			return err_set(err, ERR_INVALID,
				       "the token has a line break or a control character");
	return 0;
}

int http_credential_check(const struct http_peer_options *options, time_t *ret_end, struct err *err)
{
	int r = check_token(options->bearer_token, err);
	if (r < 0)
		return r;
	r = check_ca(options->ca, err);
	if (r < 0)
		return r;
	return check_client(options, ret_end, err);
}
