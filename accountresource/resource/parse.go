package resource

import (
	"reflect"
	"strconv"
	"strings"
	"unicode"
)

// Form gives a submitted value by field name; present is false where the form did not carry the field at all.
type Form func(name string) (value string, present bool)

// ParseConnection reads the Connection tab over the stored settings. An empty bind password keeps the stored one while
// the endpoint stays what it is. All mistakes are returned at once; the settings are of use only when there are none.
func ParseConnection(form Form, stored Connection) (Connection, Problems) {
	open := stored
	open.BindPassword = Secret{}
	c, problems := parse(withPEM(form), open)
	c.Domain = strings.ToLower(strings.TrimFunc(c.Domain, func(r rune) bool { return r == '.' || unicode.IsSpace(r) }))
	if problem := c.takePassword(stored); problem != nil {
		problems = append(problems, problem)
	}
	return c, append(problems, check(&c, problems)...)
}

// withPEM gives certificates as PEM: other forms do not survive as text.
func withPEM(form Form) Form {
	return func(name string) (string, bool) {
		value, present := form(name)
		if name == "ca_certificate" {
			value = CertificatesAsPEM(value)
		}
		return value, present
	}
}

// ParseReplication reads the Replication tab.
func ParseReplication(form Form, stored Replication) (Replication, Problems) {
	r, problems := parse(form, stored)
	return r, append(problems, check(&r, problems)...)
}

// ParseUsers reads the Users tab.
func ParseUsers(form Form, stored Users) (Users, Problems) {
	u, problems := parse(form, stored)
	u.Filter = joinFilter(u.Filter)
	return u, append(problems, check(&u, problems)...)
}

// ParseGroups reads the Groups tab.
func ParseGroups(form Form, stored Groups) (Groups, Problems) {
	g, problems := parse(form, stored)
	g.Filter = joinFilter(g.Filter)
	return g, append(problems, check(&g, problems)...)
}

// ParseSignIn reads the Sign-in tab. Passwords of people never cross a network in the clear.
func ParseSignIn(form Form, stored SignIn, c Connection) (SignIn, Problems) {
	s, problems := parse(form, stored)
	problems = append(problems, check(&s, problems)...)
	if s.Mode == SignInWithDirectory && !c.Encrypted() {
		problems = append(problems, NewProblem("signin", "signin_needs_tls", nil))
	}
	return s, problems
}

// Complete reports whether the connection says everything that a run needs; the problems name what is missing.
func (c Connection) Complete() Problems { return check(&c, nil) }

// parse lays the submitted values over the stored ones. A field that the form does not carry keeps its value, except
// for a toggle: browsers send nothing for one that is off. A form with no field of the tab says nothing of it.
func parse[T any](form Form, stored T) (T, Problems) {
	tab := stored
	var problems Problems
	v := reflect.ValueOf(&tab).Elem()
	if !carries(form, v.Type()) {
		return tab, nil
	}
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("form")
		text, present := form(name)
		if !present && v.Field(i).Kind() != reflect.Bool {
			continue
		}
		if p := assign(v.Field(i), name, text); p != nil {
			problems = append(problems, p)
		}
	}
	return tab, problems
}

// carries reports whether the form has any field of the tab.
func carries(form Form, tab reflect.Type) bool {
	for i := range tab.NumField() {
		if _, present := form(tab.Field(i).Tag.Get("form")); present {
			return true
		}
	}
	return false
}

func assign(field reflect.Value, name, text string) *Problem {
	switch field.Kind() {
	case reflect.Bool:
		field.SetBool(text == "on" || text == "true" || text == "1")
	case reflect.Int:
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return NewProblem(name, "not_a_number", nil)
		}
		field.SetInt(int64(n))
	case reflect.String:
		// Browsers end the lines of a form with both characters; the same text must not look changed.
		field.SetString(strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")))
	default: // Secret: blanks may be part of a password
		field.Set(reflect.ValueOf(NewSecret(text)))
	}
	return nil
}
