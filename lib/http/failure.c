#include "http/failure.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/timespan.h"
#include "http/peer.h"

static const char renew_hint[] =
	"renew it where it was issued; k3s renews its certificates when it restarts";

static const char *detail(const struct http_transfer *transfer)
{
	return *transfer->detail ? transfer->detail : curl_easy_strerror(transfer->result);
}

static int explain_refusal(const struct http_transfer *transfer, struct err *err)
{
	const char *name = transfer->peer->name;
	long number = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
	if (number == ECONNREFUSED)
		return err_set(err, ERR_UNREACHABLE, "%s refused the connection", name);
	if (number == EACCES || number == EPERM)
		return err_set(err, ERR_DENIED, "%s may not be opened: %s", name,
			       strerror((int)number));
	return err_set(err, ERR_UNREACHABLE, "%s could not be reached: %s", name,
		       number ? strerror((int)number) : detail(transfer));
}

static int explain_timeout(const struct http_transfer *transfer, struct err *err)
{
	const char *name = transfer->peer->name;
	curl_off_t ready = 0, total = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &total);
	cleanup_free char *time =
		timespan_text(transfer->was_silent ? transfer->silence_ms : total / 1000);
	if (transfer->was_silent)
		return err_set(err, ERR_TIMEOUT, "%s sent nothing for %s", name, time);
	if (!ready)
		return err_set(err, ERR_TIMEOUT, "%s took no connection within %s", name, time);
	return err_set(err, ERR_TIMEOUT, "%s gave no complete answer within %s", name, time);
}

static int explain_wrong_name(const struct http_transfer *transfer, struct err *err)
{
	err_set(err, ERR_DENIED, "the certificate of %s bears another name", transfer->peer->name);
	return err_hint(err,
			"use a name that it bears as address, or set the server name for TLS "
			"(%s)",
			detail(transfer));
}

static int explain_unknown_issuer(const struct http_transfer *transfer, const char *reason,
				  struct err *err)
{
	err_set(err, ERR_DENIED, "the certificate of %s is not trusted: %s", transfer->peer->name,
		reason);
	return err_hint(err, "is the configured CA the one of this server? A server that was "
			     "installed anew has a new one");
}

/* The server's certificate did not convince us. */
static int explain_distrust(const struct http_transfer *transfer, struct err *err)
{
	const char *name = transfer->peer->name;
	long verdict = X509_V_OK;

	curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
	switch (verdict) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		err_set(err, ERR_DENIED, "the certificate of %s expired", name);
		return err_hint(err, "%s; or the clock of this machine is wrong", renew_hint);
	case X509_V_ERR_CERT_NOT_YET_VALID:
		err_set(err, ERR_DENIED, "the certificate of %s is not valid yet", name);
		return err_hint(err, "the clock of this machine or of the server is wrong");
	case X509_V_OK:
	case X509_V_ERR_UNSPECIFIED: /* the chain is good; libcurl compares the name itself */
		return explain_wrong_name(transfer, err);
	default:
		return explain_unknown_issuer(transfer, X509_verify_cert_error_string(verdict),
					      err);
	}
}

/* A CA of the right name and another key: the signature makes no sense, which OpenSSL reports from
 * below its TLS layer. */
static bool is_forged(const struct http_transfer *transfer)
{
	return transfer->result == CURLE_SSL_CONNECT_ERROR &&
	       strstr(transfer->detail, " routines::") && !strstr(transfer->detail, "SSL routines");
}

static bool has_expired(const struct http_peer *peer)
{
	return peer->certificate_end && peer->certificate_end < time(NULL);
}

/* The server's TLS alerts about our certificate; with TLS 1.3 they come with the first read. */
static bool is_client_refused(const struct http_transfer *transfer)
{
	const char *text = transfer->detail;

	return strstr(text, " alert ") &&
	       (strstr(text, "certificate") || strstr(text, "unknown ca") ||
		strstr(text, "decrypt error") || strstr(text, "access denied"));
}

static int explain_client_refused(const struct http_transfer *transfer, struct err *err)
{
	const struct http_peer *peer = transfer->peer;

	if (!peer->certificate) {
		err_set(err, ERR_DENIED, "%s wants a client certificate", peer->name);
		return err_hint(err, "the configuration names none");
	}
	if (has_expired(peer)) {
		cleanup_free char *end = timespan_rfc3339(peer->certificate_end);
		err_set(err, ERR_DENIED, "%s refused our client certificate, which expired %s",
			peer->name, end);
		return err_hint(err, "%s, and writes a new kubeconfig", renew_hint);
	}
	err_set(err, ERR_DENIED, "%s refused our client certificate: %s", peer->name,
		detail(transfer));
	return err_hint(err, "was it issued by the CA that this server trusts?");
}

static int explain_handshake(const struct http_transfer *transfer, struct err *err)
{
	int r = err_set(err, ERR_UNREACHABLE, "the TLS handshake with %s failed: %s",
			transfer->peer->name, detail(transfer));

	if (strstr(transfer->detail, "wrong version number"))
		return err_hint(err, "does it speak http:// instead?");
	return r;
}

static int explain_loss(const struct http_transfer *transfer, struct err *err)
{
	if (transfer->result == CURLE_GOT_NOTHING)
		return err_set(err, ERR_UNREACHABLE, "%s closed the connection without an answer",
			       transfer->peer->name);
	if (transfer->result == CURLE_PARTIAL_FILE)
		return err_set(err, ERR_UNREACHABLE, "the answer of %s ended too early",
			       transfer->peer->name);
	int r = err_set(err, ERR_UNREACHABLE, "the connection to %s was lost: %s",
			transfer->peer->name, detail(transfer));
	/* A reset may overtake the alert that would say so. */
	if (has_expired(transfer->peer))
		return err_hint(err, "our client certificate has expired");
	return r;
}

int http_failure_explain(const struct http_transfer *transfer, struct err *err)
{
	const char *name = transfer->peer->name;

	if (is_client_refused(transfer))
		return explain_client_refused(transfer, err);
	if (is_forged(transfer))
		return explain_unknown_issuer(transfer, "it was signed with another key", err);
	switch (transfer->result) {
	case CURLE_COULDNT_CONNECT:
		return explain_refusal(transfer, err);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		err_set(err, ERR_UNREACHABLE, "the host of %s is not known: %s", name,
			detail(transfer));
		return err_hint(err, "check the address, and the name service of this machine");
	case CURLE_OPERATION_TIMEDOUT:
		return explain_timeout(transfer, err);
	case CURLE_PEER_FAILED_VERIFICATION:
		return explain_distrust(transfer, err);
	case CURLE_SSL_CONNECT_ERROR:
		return explain_handshake(transfer, err);
	case CURLE_SSL_CERTPROBLEM:
		return err_set(err, ERR_INVALID, "%s: the client certificate cannot be used: %s",
			       name, detail(transfer));
	case CURLE_URL_MALFORMAT:
		return err_set(err, ERR_INVALID, "%s: the path is not one of a URL", name);
	case CURLE_ABORTED_BY_CALLBACK:
		return err_set(err, ERR_CANCELED, "canceled");
	default:
		return explain_loss(transfer, err);
	}
}

bool http_failure_passes(const struct http_transfer *transfer)
{
	if (is_client_refused(transfer) || is_forged(transfer))
		return false;
	switch (transfer->result) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		return true;
	default:
		return false;
	}
}
