package directory

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// minNotation is the length in bytes from which a password is looked for in other notations than its own. Those of a
// shorter one would match half of every text.
const minNotation = 4

// passwordPattern matches a password as texts may contain it: as it is, with any of its characters escaped (URL, Go,
// JSON, DN), in hexadecimal, and in base64, also as a part of what was encoded; all that of its UTF-16 forms too, which
// Windows uses. Texts are matched after oneLine. It is nil for no password.
func passwordPattern(password string) *regexp.Regexp {
	switch {
	case password == "":
		return nil
	case len(password) < minNotation:
		return regexp.MustCompile(regexp.QuoteMeta(oneLine(password)))
	}
	var all []string
	for _, form := range []string{password, utf16Of(password, binary.LittleEndian), utf16Of(password, binary.BigEndian)} {
		all = append(all, escapedPattern(form), hexPattern(form))
		all = append(all, base64Patterns(form)...)
	}
	return regexp.MustCompile(strings.Join(all, "|"))
}

// notations are the password itself and its base64: what a masked text is checked for once more.
func notations(password string) []string {
	if password == "" {
		return nil
	}
	all := []string{oneLine(password)}
	if len(password) >= minNotation {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			all = append(all, encoding.EncodeToString([]byte(password)))
		}
	}
	return all
}

func utf16Of(text string, order binary.AppendByteOrder) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

// escapedPattern matches a text in which each character is written as it is or escaped in some way.
func escapedPattern(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		b.WriteString("(?:" + strings.Join(escapes(r, text[:size]), "|") + ")")
		text = text[size:]
	}
	return b.String()
}

// namedEscapes are the control characters that have a letter in Go and JSON.
var namedEscapes = map[rune]string{
	0: "0", '\a': "a", '\b': "b", '\f': "f", '\n': "n", '\r': "r", '\t': "t", '\v': "v",
}

// escapes are patterns for one character, whose bytes are raw.
func escapes(r rune, raw string) []string {
	percent, hexed, bare := "", "", "" // %41, \x41 of Go, \41 of a DN (RFC 4514)
	for _, octet := range []byte(raw) {
		h := anyCase(fmt.Sprintf("%02x", octet))
		percent, hexed, bare = percent+"%(?:25)*"+h, hexed+`\\x`+h, bare+`\\`+h
	}
	all := []string{regexp.QuoteMeta(oneLine(raw)), percent, hexed, bare}
	if letter, named := namedEscapes[r]; named {
		all = append(all, `\\`+letter)
	}
	switch {
	case r == utf8.RuneError:
		return all
	case r == ' ':
		all = append(all, `\+`)
	case r > 0xffff:
		high, low := utf16.EncodeRune(r)
		all = append(all, `\\U`+anyCase(fmt.Sprintf("%08x", r)), `\\u`+anyCase(fmt.Sprintf("%04x", high))+`\\u`+anyCase(fmt.Sprintf("%04x", low)))
	}
	return append(all, `\\u`+anyCase(fmt.Sprintf("%04x", r)), `\\`+regexp.QuoteMeta(oneLine(raw)))
}

// anyCase matches hexadecimal digits in both cases.
func anyCase(digits string) string {
	var b strings.Builder
	for _, d := range digits {
		if d >= 'a' {
			fmt.Fprintf(&b, "[%c%c]", d, d-'a'+'A')
			continue
		}
		b.WriteRune(d)
	}
	return b.String()
}

// hexPattern matches bytes in hexadecimal, with or without something between them.
func hexPattern(text string) string {
	pairs := make([]string, len(text))
	for i, octet := range []byte(text) {
		pairs[i] = anyCase(fmt.Sprintf("%02x", octet))
	}
	return strings.Join(pairs, "[ :-]?")
}

// base64Patterns match bytes in base64, wherever they are in what was encoded: at each of the three places in a group
// of three bytes the characters in the middle depend on nothing but these bytes.
func base64Patterns(text string) []string {
	var all []string
	for before := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), text...))
		var b strings.Builder
		b.WriteString("[A-Za-z0-9+/_-]?")
		for _, c := range encoded[(before*8+5)/6 : (before+len(text))*8/6] {
			switch c {
			case '+':
				b.WriteString("(?:[+-]|%2[Bb])")
			case '/':
				b.WriteString("(?:[/_]|%2[Ff])")
			default:
				b.WriteRune(c)
			}
			b.WriteString(" {0,2}") // a line may end there
		}
		b.WriteString("(?:[A-Za-z0-9+/_=-]|%2[BbFf]|%3[Dd])*")
		all = append(all, b.String())
	}
	return all
}
