package directory_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/directory"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

const echoed = `bind Secret/7+"ü`

// passwordForms are a password in every notation that a server may send it back in.
func passwordForms(password string) map[string]string {
	var wide []byte
	for _, unit := range utf16.Encode([]rune(password)) {
		wide = append(wide, byte(unit), byte(unit>>8))
	}
	percent := ""
	for _, octet := range []byte(password) {
		percent += fmt.Sprintf("%%%02x", octet)
	}
	plain := []byte(password)
	return map[string]string{
		"plain": password, "query": url.QueryEscape(password), "path": url.PathEscape(password),
		"query in lower case": strings.ToLower(url.QueryEscape("/+\"ü")) + password, "percent": percent, "PERCENT": strings.ToUpper(percent),
		"quoted": fmt.Sprintf("%q", password), "ascii": fmt.Sprintf("%+q", password),
		"base64": base64.StdEncoding.EncodeToString(plain), "base64 raw": base64.RawStdEncoding.EncodeToString(plain),
		"base64 url": base64.URLEncoding.EncodeToString(plain), "base64 raw url": base64.RawURLEncoding.EncodeToString(plain),
		"sasl plain":      base64.StdEncoding.EncodeToString([]byte("\x00reader@example.com\x00" + password)),
		"base64 second":   base64.StdEncoding.EncodeToString([]byte("x" + password + "tail")),
		"base64 third":    base64.StdEncoding.EncodeToString([]byte("xy" + password + "tail")),
		"base64 in a url": url.QueryEscape(base64.StdEncoding.EncodeToString(plain)),
		"hex":             hex.EncodeToString(plain), "HEX": fmt.Sprintf("%X", plain), "hex in pairs": fmt.Sprintf("% x", plain),
		"utf16": string(wide), "utf16 base64": base64.StdEncoding.EncodeToString(wide), "utf16 hex": hex.EncodeToString(wide),
		"unicodePwd": base64.StdEncoding.EncodeToString(append([]byte("\"\x00"), append(wide, "\"\x00"...)...)),
	}
}

// wantMasked wants nothing of the password in a text, and not much of it at all.
func wantMasked(t *testing.T, text string) {
	t.Helper()
	assert.LessOrEqual(t, len(text), 1100)
	assert.True(t, utf8.ValidString(text))
	assert.NotContains(t, text, "\n")
	for name, form := range passwordForms(echoed) {
		for _, part := range []string{form, strings.Trim(form, `"`), strings.ReplaceAll(form, "\x00", " "), strings.TrimRight(form, "=")} {
			assert.NotContains(t, text, part, name)
		}
	}
	for _, part := range []string{"Secret", "U2VjcmV0", "NlY3JldC", "TZWNyZX", "536563726574", "S e c r e t"} { // its middle alone
		assert.NotContains(t, text, part)
	}
}

// echo is a server that answers with a text wherever it can.
func echo(where, text string) *scripted {
	script := activeDirectory()
	code := int64(ldap.LDAPResultOther)
	fail := func(s *session, r request) { s.result(r, ldap.ApplicationSearchResultDone, code, text) }
	switch where {
	case "bind":
		script.bind = func(s *session, r request) {
			s.result(r, ldap.ApplicationBindResponse, ldap.LDAPResultInvalidCredentials, text)
		}
	case "matched DN":
		script.bind = func(s *session, r request) {
			_, _ = s.Write(message(r.id, sequence(ber.ClassApplication, ldap.ApplicationBindResponse, enumerated(ldap.LDAPResultNoSuchObject), octets(text), octets(text))))
		}
	case "listing":
		script.list = fail
	case "referral":
		script.list = func(s *session, r request) {
			_, _ = s.Write(message(r.id, sequence(ber.ClassApplication, ldap.ApplicationSearchResultDone, enumerated(ldap.LDAPResultReferral), octets(""),
				octets("ldap://"+text), sequence(ber.ClassContext, 3, octets("ldap://other/"+text)))))
		}
	case "reference":
		script.list = func(s *session, r request) { s.reference(r, "ldap://"+text); fail(s, r) }
	case "rootDSE value":
		script.root = map[string][]string{"dnsHostName": {text}, "defaultNamingContext": {text}, "namingContexts": {text},
			"dsServiceName": {text}, "subschemaSubentry": {text}}
		script.read = func(string, []string) (map[string][]string, bool) { return nil, false }
	case "identity":
		script.list = func(s *session, r request) {
			s.entry(r, text, map[string][]string{"objectClass": {"user"}})
			s.page(r, "")
		}
	default:
		script.fail = func(s *session, r request) bool {
			if r.base == where {
				fail(s, r)
			}
			return r.base == where
		}
	}
	return script
}

// everything does all that a reader can do, and returns what was said meanwhile.
func everything(t *testing.T, s resource.Settings, o directory.Options) (texts []string) {
	t.Helper()
	var log bytes.Buffer
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	var errs []error
	with := func(ask func(ctx context.Context, r run.Reader) error) {
		r, err := o.Open(s)
		require.NoError(t, err)
		errs = append(errs, ask(t.Context(), r))
		_ = r.Close()
	}
	with(func(ctx context.Context, r run.Reader) error {
		probe, err := r.Probe(ctx)
		texts = append(texts, probe.Server, probe.BaseDN, probe.Invocation)
		return err
	})
	with(func(ctx context.Context, r run.Reader) error {
		_, err := r.List(ctx, run.Query{Kind: account.User}, func(account.Object) error { return nil })
		return err
	})
	with(func(ctx context.Context, r run.Reader) error {
		_, err := r.List(ctx, run.Query{Kind: account.Group}, func(account.Object) error { return nil })
		return err
	})
	with(func(ctx context.Context, r run.Reader) error {
		_, err := r.LookUp(ctx, []account.SourceID{"00112233-4455-6677-8899-aabbccddeeff"})
		return err
	})
	with(func(ctx context.Context, r run.Reader) error { _, err := r.Changed(ctx, 1); return err })
	base, err := o.BaseDN(t.Context(), s.Connection)
	errs, texts = append(errs, err), append(texts, base)
	for _, err := range errs {
		if err == nil {
			continue
		}
		texts = append(texts, err.Error())
		for _, p := range resource.ProblemsOf(err) {
			texts = append(texts, sentenceOf(t, p))
		}
	}
	return append(texts, strings.Split(strings.TrimSpace(log.String()), "\n")...)
}

func TestNoTextOfAServerRepeatsThePassword(t *testing.T) {
	for _, where := range []string{
		"bind", "matched DN", "listing", "referral", "reference", "rootDSE value", "identity", "", scriptedBase, serviceDN, subschemaDN,
		"CN=Deleted Objects," + scriptedBase,
	} {
		t.Run(where, func(t *testing.T) {
			forms := passwordForms(echoed)
			texts := []string{forms["plain"] + "\r\n" + forms["sasl plain"] + "\r\n" + forms["percent"], strings.Repeat(forms["plain"]+" ", 5000)}
			if where == "bind" {
				for _, form := range forms {
					texts = append(texts, "80090308: AcceptSecurityContext error, you sent\r\n"+form)
				}
			}
			for _, text := range texts {
				s := settings(t, echo(where, text).serve(t))
				s.Connection.BindPassword = resource.NewSecret(echoed)
				for _, said := range everything(t, s, directory.Options{}) {
					wantMasked(t, said)
				}
				require.False(t, t.Failed(), text[:min(len(text), 200)])
			}
		})
	}
}

func TestTheRefusalOfStartTLSIsMaskedToo(t *testing.T) {
	for _, text := range []string{echoed + "\r\n", strings.Repeat(echoed+" ", 5000)} {
		script := &scripted{extended: func(s *session, r request) {
			s.result(r, ldap.ApplicationExtendedResponse, ldap.LDAPResultUnavailable, text)
		}}
		s := settings(t, script.serve(t))
		s.Connection.TLS, s.Connection.BindPassword = true, resource.NewSecret(echoed)
		_, err := open(t, s, 3).Probe(t.Context())
		wantProblem(t, err, "tls", "starttls_refused")
		wantMasked(t, err.Error())
		_, err = directory.Options{}.Certificates(t.Context(), s.Connection)
		wantProblem(t, err, "tls", "starttls_refused")
		wantMasked(t, err.Error())
	}
}

// The sub-code is read before the text is masked.
func TestAPasswordThatIsTheSubCodeIsStillCalledWrong(t *testing.T) {
	for _, password := range []string{"52e", "data 52e", "error, data 52e, v4563"} {
		script := &scripted{bind: func(s *session, r request) {
			s.result(r, ldap.ApplicationBindResponse, ldap.LDAPResultInvalidCredentials,
				"80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4563\x00")
		}}
		s := settings(t, script.serve(t))
		s.Connection.BindPassword = resource.NewSecret(password)
		_, err := open(t, s, 3).Probe(t.Context())
		wantProblem(t, err, "bind_password", "bind_wrong_password")
		assert.NotContains(t, err.Error(), password)
		assert.Contains(t, err.Error(), "DSID-0C090439", "the rest is for the log")
	}
}

// What is no text of the server's stays usable.
func TestOrdinaryNamesAreShownAsTheyAre(t *testing.T) {
	s := settings(t, activeDirectory().serve(t))
	probe, err := open(t, s, 3).Probe(t.Context())
	require.NoError(t, err)
	assert.Equal(t, scriptedBase, probe.BaseDN)
	assert.Equal(t, "dc.example.com", probe.Server)

	s.Connection.BindPassword = resource.NewSecret("example") // the directory is searched all the same
	probe, err = open(t, s, 3).Probe(t.Context())
	require.NoError(t, err)
	assert.Empty(t, probe.BaseDN, "nobody can use a masked one")
	assert.Equal(t, "dc.••••••.com", probe.Server)
	assert.True(t, probe.Follows)
}

// A text is cut before it is masked: the part of a long password at the cut must not stay.
func TestNoPartOfALongPasswordStays(t *testing.T) {
	var password strings.Builder // of 255 bytes, as long as they may be
	for i := range 85 {
		fmt.Fprintf(&password, "%02d/", i)
	}
	masked := directory.NewMasker(resource.NewSecret(password.String()))(strings.Repeat(password.String(), 100))
	assert.NotContains(t, masked, "00/")
	assert.True(t, strings.HasSuffix(masked, "…"))
}

// FuzzMaskedTexts has a server say anything around the password in several notations.
func FuzzMaskedTexts(f *testing.F) {
	f.Add("bind-Secret-7", "80090308: ", ", data 52e")
	f.Add(echoed, "\x00reader\x00", "")
	f.Add("••••", "•", "…")
	f.Add("a b c", "a\nb\r", "c")
	f.Add("\xff\xfe\x00\x01", "\xff", "\xc3")
	f.Add("aaaa", "aaa", "aa")
	f.Add("….…", strings.Repeat("x", 199), "x")
	f.Fuzz(func(t *testing.T, password, before, after string) {
		if len(password) > 40 || len(before)+len(after) > 300 {
			return
		}
		m := directory.NewMasker(resource.NewSecret(password))
		encoded := base64.StdEncoding.EncodeToString([]byte(password))
		for i, said := range []string{
			password, encoded, url.QueryEscape(password), fmt.Sprintf("%q", password), fmt.Sprintf("%x", password),
			base64.URLEncoding.EncodeToString([]byte("\x00reader\x00" + password)),
		} {
			texts := []string{before + said + after}
			if i == len(before)%40 {
				texts = append(texts, strings.Repeat(said, 1+10_000/(1+len(said))))
			}
			for _, text := range texts {
				masked := m(text)
				require.True(t, utf8.ValidString(masked))
				require.LessOrEqual(t, utf8.RuneCountInString(masked), 201)
				require.NotContains(t, masked, "\n")
				if len(password) < 4 {
					continue
				}
				require.NotContains(t, masked, password)
				require.NotContains(t, masked, strings.TrimRight(encoded, "="))
			}
		}
	})
}
