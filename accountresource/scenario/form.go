package scenario

import (
	"slices"
	"strings"
)

// element is one place of a form.
type element struct {
	is             []string // words and classes of which one stands here
	optional, many bool
	colon          bool // the values stand behind a colon, which may be missing together with them
}

// form is a kind of sentence. It is written as the words that stand there: those in lower case for themselves, those in
// upper case for a value of that class, a|b for one of both. What ends in ? may be missing, what ends in * may be missing
// and stand there often, and what begins with a colon stands behind one.
type form struct {
	text     string
	elements []element
}

func newForm(text string) form {
	f := form{text: text}
	for word := range strings.FieldsSeq(text) {
		var e element
		word, e.colon = strings.CutPrefix(word, ":")
		word, e.optional = strings.CutSuffix(word, "?")
		word, e.many = strings.CutSuffix(word, "*")
		e.is = strings.Split(word, "|")
		f.elements = append(f.elements, e)
	}
	return f
}

// literals are the words of the form that stand for themselves.
func (f *form) literals() (words []string) {
	for _, e := range f.elements {
		for _, w := range e.is {
			if w == strings.ToLower(w) {
				words = append(words, w)
			}
		}
	}
	return words
}

// values are the words of a sentence by class, in order. A word that stands for itself is there by its own name.
type values map[string][]string

// has reports whether the word is one of the sentence's where it had a choice.
func (v values) has(word string) bool { return len(v[word]) > 0 }

// first returns the first value of a class, or nothing.
func (v values) first(class string) string { return v.nth(class, 0) }

func (v values) nth(class string, n int) string {
	if n < len(v[class]) {
		return v[class][n]
	}
	return ""
}

// match binds the words to the form. Where they do not fit, ok is false and good says how many of them did.
func (f *form) match(words []string) (v values, good int, ok bool) {
	v = values{}
	at := 0
	// next takes the word there, if it is what the element stands for.
	next := func(e *element) bool {
		if at == len(words) {
			return false
		}
		i := slices.IndexFunc(e.is, func(is string) bool { return is == words[at] || isIn(is, words[at]) })
		if i >= 0 {
			v[e.is[i]] = append(v[e.is[i]], words[at])
			at++
		}
		return i >= 0
	}
	for i := range f.elements {
		e := &f.elements[i]
		if e.colon {
			if at == len(words) || words[at] != ":" {
				continue
			}
			at++
		}
		found := next(e)
		for found && e.many && next(e) {
		}
		if !found && !e.many && !e.optional {
			return nil, at, false
		}
	}
	return v, at, at == len(words)
}
