package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/mailpanel/account-resource/accountresource/account"
)

// split returns the words of a line. A quoted text is one word and keeps its quotes, a colon is a word of its own, commas
// only separate, and a comment ends the line.
func split(line string) (words []string, err error) {
	for {
		line = strings.TrimLeftFunc(line, unicode.IsSpace)
		if line == "" || line[0] == '#' {
			return words, nil
		}
		word := line
		if line[0] == '"' {
			if word, err = strconv.QuotedPrefix(line); err != nil {
				return nil, errors.New("a quoted text does not end")
			}
			if rest := line[len(word):]; rest != "" && !ends(rune(rest[0])) {
				return nil, fmt.Errorf("something is stuck to %s", word)
			}
		} else if i := strings.IndexFunc(line, ends); i >= 0 {
			word = line[:max(i, 1)]
		}
		line = line[len(word):]
		if word[0] == '"' {
			word = strconv.Quote(unquote(word))
		}
		words = append(words, word)
	}
}

// ends reports whether a word ends in front of the character.
func ends(r rune) bool { return r == ':' || r == ',' || unicode.IsSpace(r) }

// unquote returns the text of a quoted word.
func unquote(word string) string {
	text, err := strconv.Unquote(word)
	if err != nil {
		return word // it was never quoted
	}
	return text
}

// join is the inverse of split.
func join(words []string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 && w != ":" && w != "," {
			b.WriteByte(' ')
		}
		b.WriteString(w)
	}
	return b.String()
}

// The classes of words that stand for a value.
const (
	aNew     = "NEW"     // the name of an object that the sentence introduces
	anObject = "OBJECT"  // the name of one that was introduced
	anAddr   = "ADDRESS" // a word with an @ in it, valid or not
	aText    = "TEXT"    // a quoted text
	aNumber  = "NUMBER"
	anAction = "ACTION" // an action of the log
)

// isIn reports whether a word belongs to a class.
func isIn(class, word string) bool {
	quoted := strings.HasPrefix(word, `"`)
	switch class {
	case aNew, anObject:
		return isName(word) && !isReserved(word)
	case anAddr:
		return !quoted && strings.Contains(word, "@")
	case aText:
		return quoted
	case aNumber:
		_, err := strconv.ParseUint(word, 10, 16)
		return err == nil
	case anAction:
		return slices.Contains(account.Actions(), account.Action(word))
	}
	return false
}

// isName reports whether a word can be the name of an object: lower-case letters, digits and hyphens after a letter.
func isName(word string) bool {
	for i, r := range word {
		if (r < 'a' || r > 'z') && (i == 0 || r != '-' && (r < '0' || r > '9')) {
			return false
		}
	}
	return word != ""
}
