package backends

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CleanText brings a value to what a text column of length characters gives back unharmed: valid UTF-8, no control
// characters (they become blanks), no white space at either end, and no longer than it may be. Cutting never
// separates a combining character, a joiner or a variation selector from what it belongs to.
func CleanText(text string, length int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) <= length {
		return text
	}
	runes := []rune(text)
	cut := length
	for cut > 0 && clings(runes[cut-1], runes[cut]) {
		cut--
	}
	if cut == 0 { // one endless cluster: better torn than lost
		cut = length
	}
	return strings.TrimSpace(string(runes[:cut]))
}

const zeroWidthJoiner = '\u200D'

// clings reports whether the two belong to one character for a reader.
func clings(before, after rune) bool {
	return before == zeroWidthJoiner || after == zeroWidthJoiner ||
		unicode.In(after, unicode.Mn, unicode.Mc, unicode.Me, unicode.Variation_Selector) ||
		after >= 0x1F3FB && after <= 0x1F3FF // skin tones
}

// NarrowText replaces what lies beyond the Basic Multilingual Plane, which MySQL's character set utf8mb3 cannot hold.
func NarrowText(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0xFFFF {
			return '\uFFFD'
		}
		return r
	}, text)
}
