package directory

import (
	"context"
	"strings"
)

// schema holds the attributes that a server knows: names and object identifiers in lower case, each with the name
// under which the server answers.
type schema map[string]string

func (s schema) knows(name string) bool { _, known := s[strings.ToLower(name)]; return known }

// answered is the name under which the server answers what was asked for by another: an object identifier.
func (s schema) answered(name string) string {
	if name == "" || name[0] < '0' || name[0] > '9' {
		return name
	}
	if known := s[strings.ToLower(name)]; known != "" {
		return known
	}
	return name
}

// readSchema is what the subschema entry tells (RFC 4512, section 4.2); empty where this account may not read it.
func (r *Reader) readSchema(ctx context.Context, subschema string) (schema, error) {
	known := make(schema)
	if subschema == "" {
		return known, nil
	}
	const types = "attributeTypes"
	err := r.ranged(ctx, subschema, types, func(definitions []string) {
		for _, definition := range definitions {
			known.add(attributeNames(definition))
		}
	})
	if err == nil || hidden(err) {
		return known, nil
	}
	return nil, stopped(ctx, requestProblem(r.settings.Connection, err))
}

// add takes the names of one attribute, as attributeNames gives them.
func (s schema) add(names []string) {
	if len(names) == 0 {
		return
	}
	answered := names[min(1, len(names)-1)]
	for _, name := range names {
		s[strings.ToLower(name)] = answered
	}
}

// attributeNames reads the object identifier and then the names of an attribute type description (RFC 4512, section
// 4.1.2), such as ( 2.5.4.3 NAME ( 'cn' 'commonName' ) SUP name ). It gives nothing for what is no description.
func attributeNames(definition string) []string {
	words := tokens(definition)
	if len(words) < 2 || words[0] != "(" || quoted(words[1]) || strings.ContainsAny(words[1], "()") {
		return nil
	}
	names := []string{words[1]}
	for i := 2; i+1 < len(words); i++ {
		if words[i] != "NAME" {
			continue
		}
		list := words[i+1:]
		if list[0] != "(" {
			list = list[:1]
		} else {
			list = list[1:]
		}
		for _, word := range list {
			if !quoted(word) {
				break
			}
			names = append(names, word[1:len(word)-1])
		}
		break
	}
	return names
}

func quoted(word string) bool { return len(word) > 2 && word[0] == '\'' && word[len(word)-1] == '\'' }

// tokens splits a description into parentheses, quoted strings and words.
func tokens(text string) []string {
	var all []string
	for text = strings.TrimLeft(text, " \t\r\n"); text != ""; text = strings.TrimLeft(text, " \t\r\n") {
		end := strings.IndexAny(text, " \t\r\n()'")
		switch {
		case end < 0:
			end = len(text)
		case end > 0:
		case text[0] == '\'':
			if end = strings.IndexByte(text[1:], '\''); end < 0 {
				return all // a string without an end
			}
			end += 2
		default:
			end = 1
		}
		all = append(all, text[:end])
		text = text[end:]
	}
	return all
}
