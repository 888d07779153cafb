package resource

import (
	"regexp"
	"strings"
)

// Parentheses within values are escaped (RFC 4515, section 3), so that each one in a filter is syntax, and blanks on its
// outside mean nothing.
var (
	lineBreaks    = regexp.MustCompile(`[\r\n\t]+`)
	brokenBefore  = regexp.MustCompile(`[ \t]*[\r\n][ \r\n\t]*\)`)
	blanksOutside = regexp.MustCompile(` +\(|\( +|\) +`)
	// spaced is a condition with blanks in front of its operator, where no name has any: those behind it are meant alike. Behind
	// it alone they may belong to the value.
	spaced = regexp.MustCompile(`\(([\w.;:-]+) +([~<>:]?=) *`)
)

// joinFilter makes one line of a filter that was typed over several: line breaks and tabs are dropped, and so are the
// blanks outside of conditions and around their operators, where RFC 4515 has none. Blanks in values stay.
func joinFilter(text string) string {
	text = brokenBefore.ReplaceAllString(strings.TrimSpace(text), ")")
	text = strings.TrimSpace(lineBreaks.ReplaceAllString(text, ""))
	for before := ""; text != before; { // a match ends where the next may begin
		before = text
		text = blanksOutside.ReplaceAllStringFunc(text, strings.TrimSpace)
		text = spaced.ReplaceAllString(text, "($1$2")
	}
	return text
}
