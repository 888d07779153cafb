package web

import (
	"fmt"
	"reflect"

	"github.com/mailpanel/account-resource/accountresource/resource"
)

// tab is one of the tabs of a resource's page.
type tab struct {
	name  string
	parse func(resource.Form, *resource.Settings) resource.Problems // submitted values over the stored ones
	part  func(*resource.Settings) any                              // the tab's settings, for their values
}

// tabs are in the order of the page.
var tabs = []tab{
	{
		"connection",
		func(f resource.Form, s *resource.Settings) (p resource.Problems) {
			s.Connection, p = resource.ParseConnection(f, s.Connection)
			if s.SignIn.Mode == resource.SignInWithDirectory && !s.Connection.Encrypted() {
				p = append(p, resource.NewProblem("tls", "tls_signin", nil))
			}
			return p
		},
		func(s *resource.Settings) any { return &s.Connection },
	},
	{
		"replication",
		func(f resource.Form, s *resource.Settings) (p resource.Problems) {
			s.Replication, p = resource.ParseReplication(f, s.Replication)
			return p
		},
		func(s *resource.Settings) any { return &s.Replication },
	},
	{
		"users",
		func(f resource.Form, s *resource.Settings) (p resource.Problems) {
			s.Users, p = resource.ParseUsers(f, s.Users)
			return p
		},
		func(s *resource.Settings) any { return &s.Users },
	},
	{
		"groups",
		func(f resource.Form, s *resource.Settings) (p resource.Problems) {
			s.Groups, p = resource.ParseGroups(f, s.Groups)
			return p
		},
		func(s *resource.Settings) any { return &s.Groups },
	},
	{
		"signin",
		func(f resource.Form, s *resource.Settings) (p resource.Problems) {
			s.SignIn, p = resource.ParseSignIn(f, s.SignIn, s.Connection)
			return p
		},
		func(s *resource.Settings) any { return &s.SignIn },
	},
}

func tabNamed(name string) (tab, bool) {
	for _, t := range tabs {
		if t.name == name {
			return t, true
		}
	}
	return tabs[0], false
}

// fields are the tab's form fields in order.
func (t tab) fields() []string {
	v := reflect.TypeOf(t.part(new(resource.Settings))).Elem()
	names := make([]string, v.NumField())
	for i := range names {
		names[i] = v.Field(i).Tag.Get("form")
	}
	return names
}

// values are the tab's settings as a form shows them: never the password.
func (t tab) values(s *resource.Settings) map[string]string {
	v := reflect.ValueOf(t.part(s)).Elem()
	values := make(map[string]string)
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("form")
		switch value := v.Field(i).Interface().(type) {
		case resource.Secret:
		case bool:
			if value {
				values[name] = "on"
			}
		default:
			values[name] = fmt.Sprint(value)
		}
	}
	return values
}

// ofForm finds the tab whose form was submitted: the one with most of its fields in it.
func ofForm(form map[string]string) tab {
	best, most := tabs[0], 0
	for _, t := range tabs {
		n := 0
		for _, name := range t.fields() {
			if _, present := form[name]; present {
				n++
			}
		}
		if n > most {
			best, most = t, n
		}
	}
	return best
}

// typed are the submitted values of the tab, to be shown again as they were; the password is not.
func (t tab) typed(form map[string]string) map[string]string {
	values := make(map[string]string)
	for _, name := range t.fields() {
		if value, present := form[name]; present && name != "bind_password" {
			values[name] = value
		}
	}
	if ca := values["ca_certificate"]; ca != "" { // as it is stored
		values["ca_certificate"] = resource.CertificatesAsPEM(ca)
	}
	return values
}

// typedPassword returns the password that was typed into the tab, zero where none was.
func (t tab) typedPassword(form map[string]string) resource.Secret {
	if t.name != "connection" {
		return resource.Secret{}
	}
	return resource.NewSecret(form["bind_password"])
}

func getter(form map[string]string) resource.Form {
	return func(name string) (string, bool) {
		value, present := form[name]
		return value, present
	}
}
