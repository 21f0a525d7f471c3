#include "harness/certificate.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/mem.h"
#include "harness/suite.h"

struct certificate_authority {
	EVP_PKEY *key;
	X509 *certificate;
	char *pem;
};

static char *bio_text(BIO *bio)
{
	char *bytes;
	long length = BIO_get_mem_data(bio, &bytes);
	char *text = mem_strndup(bytes, (size_t)length);

	BIO_free(bio);
	return text;
}

static char *certificate_pem(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());

	ck_assert(PEM_write_bio_X509(bio, certificate));
	return bio_text(bio);
}

static char *key_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	ck_assert(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL));
	return bio_text(bio);
}

static EVP_PKEY *key_read(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	ck_assert_ptr_nonnull(key);
	BIO_free(bio);
	return key;
}

static void add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
	ck_assert_ptr_nonnull(extension);
	ck_assert(X509_add_ext(certificate, extension, -1));
	X509_EXTENSION_free(extension);
}

static X509 *certificate_draft(EVP_PKEY *key, const char *name, int from_days, int to_days)
{
	static long serial = 0;
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate),
			 __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED));
	X509_gmtime_adj(X509_getm_notBefore(certificate), from_days * 86400L);
	X509_gmtime_adj(X509_getm_notAfter(certificate), to_days * 86400L);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
				   -1, 0);
	X509_set_pubkey(certificate, key);
	return certificate;
}

struct certificate_authority *certificate_authority_named(const char *name)
{
	struct certificate_authority *authority = mem_new(struct certificate_authority);

	authority->key = EVP_EC_gen("P-256");
	authority->certificate = certificate_draft(authority->key, name, -10, 10);
	X509 *certificate = authority->certificate;
	X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
	ck_assert(X509_sign(certificate, authority->key, EVP_sha256()));
	authority->pem = certificate_pem(certificate);
	return authority;
}

struct certificate_authority *certificate_authority_new(void)
{
	return certificate_authority_named("desired test CA");
}

void certificate_authority_free(struct certificate_authority *authority)
{
	if (!authority)
		return;
	EVP_PKEY_free(authority->key);
	X509_free(authority->certificate);
	free(authority->pem);
	free(authority);
}

const char *certificate_authority_pem(const struct certificate_authority *authority)
{
	return authority->pem;
}

void certificate_issue(const struct certificate_authority *authority,
		       const struct certificate_options *options, char **ret_certificate,
		       char **ret_key)
{
	EVP_PKEY *key = options->key ? key_read(options->key) : EVP_EC_gen("P-256");
	X509 *certificate =
		certificate_draft(key, options->name, options->from_days, options->to_days);

	X509_set_issuer_name(certificate, X509_get_subject_name(authority->certificate));
	if (options->alternative)
		add_extension(certificate, authority->certificate, NID_subject_alt_name,
			      options->alternative);
	ck_assert(X509_sign(certificate, authority->key, EVP_sha256()));
	*ret_certificate = certificate_pem(certificate);
	*ret_key = key_pem(key);
	X509_free(certificate);
	EVP_PKEY_free(key);
}
