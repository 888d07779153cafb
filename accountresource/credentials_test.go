package accountresource_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource"
	"github.com/mailpanel/account-resource/accountresource/directory/fakead"
)

const bindPassword = "Stored-Secret-77"

// thief is a server that takes down whatever it is sent.
type thief struct {
	net.Listener
	mu  sync.Mutex
	got bytes.Buffer
}

func newThief(t *testing.T) *thief {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	th := &thief{Listener: l}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go th.take(conn)
		}
	}()
	return th
}

// take reads once and hangs up, so that nobody waits for an answer.
func (th *thief) take(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	part := make([]byte, 4096)
	n, _ := conn.Read(part)
	th.mu.Lock()
	defer th.mu.Unlock()
	th.got.Write(part[:n])
}

func (th *thief) knows(text string) bool {
	th.mu.Lock()
	defer th.mu.Unlock()
	return strings.Contains(th.got.String(), text)
}

func (th *thief) port() string { return strconv.Itoa(th.Addr().(*net.TCPAddr).Port) }

// connected saves a resource whose connection works, with TLS, and gives its path and the form it was saved with.
func connected(t *testing.T, h *host) (base string, form url.Values) {
	t.Helper()
	ad, err := fakead.Start(fakead.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ad.Close() })
	require.NoError(t, ad.Populate(3, 1))
	name, err := ad.Reader("reader", bindPassword)
	require.NoError(t, err)
	base = h.add()
	form = url.Values{
		"domain": {hosted}, "host": {"127.0.0.1"}, "port": {strconv.Itoa(ad.Addr().Port)}, "tls": {"on"}, "timeout": {"10"},
		"base_dn": {ad.BaseDN()}, "bind_dn": {name}, "bind_password": {bindPassword}, "ca_certificate": {string(ad.CA())},
	}
	require.Equal(t, http.StatusSeeOther, h.post(base+"/connection", form).status)
	form.Set("bind_password", "")
	return base, form
}

// changed is a form with some fields as the pairs of name and value say; tls goes with an empty value, as in browsers.
func changed(form url.Values, pairs ...string) url.Values {
	next := maps.Clone(form)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == "tls" && pairs[i+1] == "" {
			delete(next, "tls")
			continue
		}
		next[pairs[i]] = []string{pairs[i+1]}
	}
	return next
}

// No button sends the stored password to anybody but whom it was entered for.
func TestTheStoredPasswordGoesNowhereElse(t *testing.T) {
	h, th := newHost(t), newThief(t)
	base, form := connected(t, h)
	require.Equal(t, http.StatusOK, h.post(base+"/test", form).status, "unchanged it is used")
	before := sealedOf(h)
	for name, attack := range map[string]url.Values{
		"another port":               changed(form, "port", th.port()),
		"another port, without TLS":  changed(form, "port", th.port(), "tls", ""),
		"without TLS":                changed(form, "tls", ""),
		"another host":               changed(form, "host", "localhost"),
		"one more host":              changed(form, "host", "127.0.0.1,localhost"),
		"another account":            changed(form, "bind_dn", "CN=somebody"),
		"another CA":                 changed(form, "ca_certificate", string(otherCA(t))),
		"no CA":                      changed(form, "ca_certificate", ""),
		"only the port":              {"port": {th.port()}},
		"a field that is not there":  {"port": {th.port()}, "host": {"127.0.0.1"}, "bind_dn": form["bind_dn"]},
		"a made-up kept password":    changed(form, "port", th.port(), "tls", "", "bind_password_kept", "AAAA"),
		"the fields of another form": changed(form, "port", th.port(), "tls", "", "user_mail", "mail", "user_filter", "(a=b)", "user_name", "cn"),
	} {
		for _, button := range []string{"/test", "/preview", "/preview?format=csv", "/connection", "/trust", "/propose"} {
			path, query, _ := strings.Cut(button, "?")
			sent := attack
			if query != "" {
				sent = changed(attack, "format", "csv")
			}
			if path == "/propose" {
				sent = changed(attack, "base_dn", "")
			}
			a := h.post(base+path, sent)
			assert.NotContains(t, a.body, bindPassword)
			if path == "/propose" { // it asks a server for its root, which needs no password
				continue
			}
			assert.Equal(t, http.StatusUnprocessableEntity, a.status, "%s %s", name, button)
			assert.Regexp(t, "Enter (the password|it) again", a.body, "%s %s", name, button)
			assert.NotContains(t, a.body, "leave empty to keep it", "%s %s", name, button)
		}
	}
	assert.False(t, th.knows(bindPassword))
	assert.Equal(t, before, sealedOf(h))
	assert.NotContains(t, h.log.String(), bindPassword)

	typed := changed(form, "port", th.port(), "tls", "", "bind_password", "Typed-Secret-1")
	h.post(base+"/test", typed)
	assert.True(t, th.knows("Typed-Secret-1"), "what was typed for this server is for this server")
}

// An empty form, and one of another tab, use the connection as it is stored.
func TestAnEmptyFormTestsWhatIsStored(t *testing.T) {
	h := newHost(t)
	base, _ := connected(t, h)
	for _, form := range []url.Values{{}, {"user_mail": {"userPrincipalName"}}, {"interval": {"20"}}} {
		assert.Equal(t, http.StatusOK, h.post(base+"/test", form).status, "%v", form)
	}
	assert.Equal(t, http.StatusSeeOther, h.post(base+"/connection", url.Values{}).status)
	assert.Equal(t, http.StatusOK, h.post(base+"/test", url.Values{}).status, "TLS is still on")
}

// A password that was typed is meant, also after the form was mended: the stored one never takes its place.
func TestATypedPasswordIsNotReplacedByTheStoredOne(t *testing.T) {
	h, th := newHost(t), newThief(t)
	base, form := connected(t, h)
	typed := changed(form, "host", "no-such-host.invalid", "bind_password", "Typed-Secret-1")
	a := h.post(base+"/test", typed)
	require.Equal(t, http.StatusUnprocessableEntity, a.status)
	require.NotContains(t, a.body, "Typed-Secret-1")
	kept := found(t, keptField, a)
	require.NotEmpty(t, kept)

	same := changed(typed, "bind_password", "", "bind_password_kept", kept, "timeout", "11")
	a = h.post(base+"/test", same)
	assert.NotContains(t, a.body, "Enter the password again", "for the same server it is kept")

	mended := changed(form, "bind_password_kept", kept) // back to the stored endpoint, whose password would be at hand
	for _, path := range []string{"/test", "/preview", "/connection"} {
		a = h.post(base+path, mended)
		assert.Equal(t, http.StatusUnprocessableEntity, a.status, path)
		assert.Contains(t, a.body, "cannot be restored any more", path)
		assert.NotContains(t, a.body, "leave empty to keep it", path)
		again := changed(form, "bind_password_kept", found(t, keptField, a))
		assert.Equal(t, http.StatusUnprocessableEntity, h.post(base+path, again).status, "%s, pressed once more", path)
	}
	h.post(base+"/test", changed(mended, "port", th.port(), "tls", ""))
	assert.False(t, th.knows(bindPassword) || th.knows("Typed-Secret-1"))
}

func TestTheLongestPasswordIsKeptToo(t *testing.T) {
	h := newHost(t)
	base, form := connected(t, h)
	for _, password := range []string{strings.Repeat("x", 255), strings.Repeat("𝄞", 255), "x"} {
		a := h.post(base+"/test", changed(form, "base_dn", "not a DN", "bind_password", password))
		require.Equal(t, http.StatusUnprocessableEntity, a.status)
		kept := found(t, keptField, a)
		require.NotEmpty(t, kept)
		a = h.post(base+"/connection", changed(form, "bind_password_kept", kept))
		require.Equal(t, http.StatusSeeOther, a.status)
	}
	assert.Contains(t, h.post(base+"/connection", changed(form, "bind_password", strings.Repeat("x", 256))).body, "255")
}

// Two admins have the same tab open: the second one is told, and can save over the first.
func TestNobodyOverwritesWhatTheyHaveNotSeen(t *testing.T) {
	h := newHost(t)
	base, _ := connected(t, h)
	revision := regexp.MustCompile(`name="revision" value="([0-9]+)"`)
	first := found(t, revision, h.get(base+"?tab=users"))
	assert.Equal(t, http.StatusSeeOther, h.post(base+"/users", url.Values{"user_title": {"one"}, "revision": {first}}).status)
	a := h.post(base+"/users", url.Values{"user_title": {"two"}, "user_mobile": {""}, "revision": {first}})
	assert.Equal(t, http.StatusConflict, a.status)
	assert.Contains(t, a.body, "Somebody else changed this resource")
	assert.Contains(t, a.body, `value="two"`, "what was typed is still there")
	assert.Contains(t, h.get(base+"?tab=users").body, `value="one"`)
	wrong := h.post(base+"/users", url.Values{"user_title": {"not a name"}, "revision": {first}})
	assert.Equal(t, first, found(t, revision, wrong), "a mistake does not make the form newer")
	assert.Equal(t, http.StatusSeeOther, h.post(base+"/users", url.Values{"user_title": {"two"}, "revision": {found(t, revision, a)}}).status)
	assert.Contains(t, h.get(base+"?tab=users").body, `value="two"`)
}

// With another key, saving any tab leaves the password where it is, and everybody is told in words.
func TestAnotherKeyLosesNothing(t *testing.T) {
	h := newHost(t)
	base, form := connected(t, h)
	require.Equal(t, http.StatusOK, h.post(base+"/test", form).status)
	require.Equal(t, http.StatusSeeOther, h.post(base+"/enable", nil).status)
	before := sealedOf(h)
	wrong := h.again(accountresource.WithSecretKey([]byte(strings.Repeat("w", 32))))
	assert.Contains(t, wrong.log.String(), "secret key")
	for _, path := range []string{"/account-resources", base, base + "?tab=users"} {
		assert.Contains(t, wrong.get(path).body, "The stored password cannot be opened", path)
	}
	var status struct{ Problem string }
	require.NoError(t, json.Unmarshal([]byte(wrong.get(base+"/status").body), &status))
	assert.Contains(t, status.Problem, "another secret key")
	for tab, values := range map[string]url.Values{
		"replication": {"interval": {"77"}}, "users": {"user_title": {"description"}}, "groups": {"group_name": {"name"}},
		"connection": changed(form, "timeout", "12"),
	} {
		assert.Equal(t, http.StatusSeeOther, wrong.post(base+"/"+tab, values).status, tab)
		assert.Equal(t, before, sealedOf(h), tab)
	}
	a := wrong.post(base+"/test", changed(form, "timeout", "12"))
	assert.Equal(t, http.StatusUnprocessableEntity, a.status)
	require.Equal(t, http.StatusSeeOther, wrong.post(base+"/replicate", nil).status)
	require.Eventually(t, func() bool {
		return strings.Contains(wrong.get(base+"/status").body, `"outcome":"failed"`)
	}, 30*time.Second, 20*time.Millisecond)
	assert.Contains(t, wrong.get(base+"/log").body, "The stored password cannot be opened")

	right := h.again(accountresource.WithSecretKey(testKey))
	assert.Equal(t, http.StatusOK, right.post(base+"/test", url.Values{}).status)
	assert.NotContains(t, right.get(base).body, "cannot be opened")
	require.NoError(t, json.Unmarshal([]byte(right.get(base+"/status").body), &status))
	assert.Empty(t, status.Problem)
}

// A page of one panel is good on another one while they change their key.
func TestFormsWorkWhilePanelsChangeTheirKey(t *testing.T) {
	young := []byte(strings.Repeat("y", 32))
	h := newHost(t, accountresource.WithSecretKey(testKey, young))
	base, form := connected(t, h)
	promoted := h.again(accountresource.WithSecretKey(young, testKey))
	for from, to := range map[*host]*host{h: promoted, promoted: h} {
		token := found(t, tokenField, from.get("/account-resources"))
		a := from.post(base+"/test", changed(form, "base_dn", "not a DN", "bind_password", bindPassword))
		kept := found(t, keptField, a)
		a = to.send(http.MethodPost, base+"/test", changed(form, "_csrf", token, "bind_password_kept", kept))
		assert.Equal(t, http.StatusOK, a.status, a.body)
	}
}

// again registers the module once more over the same database, as another process does.
func (h *host) again(options ...accountresource.Option) *host {
	h.t.Helper()
	other := &host{t: h.t, db: h.db, log: &logBuffer{}, as: "global", app: fiber.New()}
	var err error
	other.module, err = accountresource.Register(other.app, h.db, headerAuth{}, append([]accountresource.Option{
		accountresource.WithLogger(slog.New(slog.NewTextHandler(other.log, nil))), accountresource.WithDirectoryHosts(thisMachine...),
	}, options...)...)
	require.NoError(h.t, err)
	h.t.Cleanup(func() { require.NoError(h.t, other.module.Close(context.Background())) })
	return other
}

func sealedOf(h *host) (sealed string) {
	require.NoError(h.t, h.db.QueryRow("SELECT bind_password FROM account_resource_resource").Scan(&sealed))
	require.NotEmpty(h.t, sealed)
	return sealed
}

// otherCA is the certificate of an authority that did not issue the server's.
func otherCA(t *testing.T) []byte {
	t.Helper()
	ad, err := fakead.Start(fakead.Options{})
	require.NoError(t, err)
	defer func() { _ = ad.Close() }()
	return ad.CA()
}

func TestAKeyFileOfSeveralKeys(t *testing.T) {
	h := newHost(t)
	connected(t, h)
	path := filepath.Join(t.TempDir(), "key")
	young, old := strings.Repeat("ab", 32), strings.Repeat("00", 32)
	register := func(mode os.FileMode, lines ...string) error {
		require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
		require.NoError(t, os.Chmod(path, mode))
		m, err := accountresource.Register(fiber.New(), h.db, headerAuth{}, accountresource.WithSecretKeyFile(path),
			accountresource.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
		if err == nil {
			require.NoError(t, m.Close(t.Context()))
		}
		return err
	}
	require.NoError(t, register(0o600, young, old))
	require.NoError(t, register(0o400, young))
	for _, mode := range []os.FileMode{0o604, 0o640, 0o644, 0o620, 0o606, 0o666} {
		err := register(mode, young)
		require.ErrorContains(t, err, "chmod 600", "%o", mode)
		assert.ErrorContains(t, err, "others")
	}
	for _, lines := range [][]string{{young, "short"}, {""}, {young + old}} {
		require.ErrorContains(t, register(0o600, lines...), "64 hexadecimal digits")
	}
}
