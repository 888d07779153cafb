package directory

import (
	"errors"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

const (
	// maxTextLength is how many characters of a server's text are kept.
	maxTextLength = 200
	// maxTextRead is how many bytes of a server's text are looked at.
	maxTextRead = 8 << 10
)

// masker makes texts of a foreign server fit for logs and pages: the bind password, which that server knows, is masked
// in every usual notation, control characters become blanks, and the text is shortened.
type masker struct {
	mask    string
	pattern func() *regexp.Regexp // nil where there is no password
	plain   []string              // what no text may contain in the end
	margin  int                   // no notation of the password is longer, in bytes
}

func newMasker(secret resource.Secret) *masker {
	password := secret.Reveal()
	m := &masker{mask: secret.String(), margin: 24 * len(password), plain: notations(password)}
	m.pattern = sync.OnceValue(func() *regexp.Regexp { return passwordPattern(password) })
	return m
}

// text returns a server's text masked, on one line, and with 200 characters at most.
func (m *masker) text(text string) string {
	text = shortened(m.whole(text))
	for _, p := range m.plain {
		if strings.Contains(text, p) { // a password made of the mask's own characters
			return ""
		}
	}
	return text
}

// whole returns a server's text masked and on one line, as far as it is looked at.
func (m *masker) whole(text string) string {
	cut := len(text) > maxTextRead
	if cut {
		text = text[:maxTextRead]
	}
	text = oneLine(text)
	if pattern := m.pattern(); pattern != nil {
		text = pattern.ReplaceAllLiteralString(text, m.mask)
	}
	if cut { // the end may hold a part of the password
		text = strings.ToValidUTF8(text[:max(0, len(text)-m.margin)], "") + "…"
	}
	return text
}

// serverText is what a server answered, masked. The sub-code of a failed bind is kept apart, since the mask may hide it.
type serverText struct{ text, subCode string }

func (t *serverText) Error() string { return t.text }

// answer returns the error of a request without the server's own words: the result code stays, the text is masked, and
// the packet and matched DN are left out.
func (m *masker) answer(err error) error {
	var answer *ldap.Error
	if !errors.As(err, &answer) {
		return m.cause(err)
	}
	text := answer.Err.Error()
	return ldap.NewError(answer.ResultCode, &serverText{text: m.text(text), subCode: subCodeOf(text)})
}

// cause returns an error's text, masked, as the cause of a problem.
func (m *masker) cause(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(m.text(err.Error()))
}

// oneLine replaces control and formatting characters by blanks, and each byte that is no UTF-8 by U+FFFD.
func oneLine(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range text { // gives U+FFFD for a byte that is no UTF-8
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}

// shortened cuts a text that is too long.
func shortened(text string) string {
	if utf8.RuneCountInString(text) <= maxTextLength {
		return text
	}
	return string([]rune(text)[:maxTextLength]) + "…"
}
