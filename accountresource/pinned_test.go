package accountresource_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

// A certificate for another name can be trusted by its fingerprint, besides the authorities that are trusted already.
func TestOneCertificateIsTrustedByItsFingerprint(t *testing.T) {
	h := newHost(t)
	ad, err := fakead.Start(fakead.Options{TLS: selfSigned(t)}) // for a host called panel
	require.NoError(t, err)
	t.Cleanup(func() { _ = ad.Close() })
	other, err := fakead.Start(fakead.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = other.Close() })
	name, err := ad.Reader("reader", "Secret-77")
	require.NoError(t, err)
	base := h.add()
	form := url.Values{
		"domain": {hosted}, "host": {"127.0.0.1"}, "port": {strconv.Itoa(ad.Addr().Port)}, "tls": {"on"}, "timeout": {"10"},
		"base_dn": {ad.BaseDN()}, "bind_dn": {name}, "bind_password": {"Secret-77"}, "ca_certificate": {string(other.CA())},
	}
	a := h.post(base+"/test", form)
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
	assert.Contains(t, a.body, "is not for 127.0.0.1 but for panel")
	assert.Contains(t, a.body, "Exactly this certificate is trusted")
	assert.Regexp(t, `([0-9A-F]{2}:){31}[0-9A-F]{2}`, a.body)

	form.Set("trust", found(t, trustButton, a))
	assert.True(t, strings.HasPrefix(form.Get("trust"), strings.TrimSpace(string(other.CA()))), "what was trusted stays so")
	a = h.post(base+"/trust", form)
	require.Equal(t, http.StatusOK, a.status, a.body)
	assert.Contains(t, a.body, "Connection succeeded")
}
