package resource

import (
	"regexp"
	"strings"
)

var (
	blanksAfterFilter   = regexp.MustCompile(`\) +([()])`)
	blanksBesideOperand = regexp.MustCompile(`\( *([&|!]) *\(`)
	blanksBetweenOpen   = regexp.MustCompile(`\( +\(`)
)

// joinFilter makes one line of a filter that was typed over several: line breaks and tabs are dropped, and so are the
// blanks between parentheses, where RFC 4515 has none. Blanks in names and values stay.
func joinFilter(text string) string {
	text = strings.TrimSpace(strings.NewReplacer("\r", "", "\n", "", "\t", "").Replace(text))
	for before := ""; text != before; { // a match ends where the next may begin
		before = text
		text = blanksAfterFilter.ReplaceAllString(text, ")$1")
		text = blanksBesideOperand.ReplaceAllString(text, "($1(")
		text = blanksBetweenOpen.ReplaceAllString(text, "((")
	}
	return text
}
