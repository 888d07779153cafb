//go:build integration

package integration_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// document is an answer of the panel, and what a person would find in it if it is a page.
type document struct {
	status int
	path   string // after redirects
	query  url.Values
	header http.Header
	body   string
	text   string // all visible text, blanks joined
	forms  []*form
	texts  map[string]string // by element id
	inputs map[string]xml.StartElement
}

// form is a form with its values as the page has them, the CSRF token among them.
type form struct {
	page, action string
	values       url.Values
}

func (f *form) set(name, value string) *form {
	f.values.Set(name, value)
	return f
}

// to sends the form's values elsewhere, as a button with a formaction does.
func (f *form) to(action string) *form {
	return &form{page: f.page, action: action, values: f.values}
}

// form finds the form with the action, whose query is ignored.
func (d *document) form(tb testing.TB, action string) *form {
	tb.Helper()
	i := slices.IndexFunc(d.forms, func(f *form) bool {
		path, _, _ := strings.Cut(f.action, "?")
		return path == action
	})
	require.GreaterOrEqual(tb, i, 0, "no form with action %s in %s", action, d.body)
	return d.forms[i]
}

// problem is the text that is shown beside a field, found as assistive technology finds it.
func (d *document) problem(field string) string {
	input := d.inputs[field]
	if attribute(input, "aria-invalid") != "true" {
		return ""
	}
	var texts []string
	for _, id := range strings.Fields(attribute(input, "aria-errormessage") + " " + attribute(input, "aria-describedby")) {
		texts = append(texts, d.texts[id])
	}
	return strings.TrimSpace(strings.Join(texts, " "))
}

// problems are the fields that are marked as wrong.
func (d *document) problems() []string {
	var fields []string
	for name, input := range d.inputs {
		if attribute(input, "aria-invalid") == "true" {
			fields = append(fields, name)
		}
	}
	slices.Sort(fields)
	return fields
}

// reader walks through the elements of a page.
type reader struct {
	d       *document
	form    *form
	open    []string // ids of open elements, "" for those without
	hidden  int      // depth inside of elements whose text nobody sees
	area    string   // the name of the open textarea
	choice  string   // the name of the open select
	chosen  bool
	text    strings.Builder
	collect map[string]*strings.Builder
}

func (d *document) read(tb testing.TB) {
	tb.Helper()
	d.texts, d.inputs = map[string]string{}, map[string]xml.StartElement{}
	r := &reader{d: d, collect: map[string]*strings.Builder{}}
	decoder := xml.NewDecoder(strings.NewReader(d.body))
	decoder.Strict, decoder.AutoClose, decoder.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(tb, err, "read the page: %s", d.body)
		switch token := token.(type) {
		case xml.StartElement:
			r.start(token.Copy())
		case xml.EndElement:
			r.end(token.Name.Local)
		case xml.CharData:
			r.chars(string(token))
		}
	}
	d.text = strings.Join(strings.Fields(r.text.String()), " ")
	for id, text := range r.collect {
		d.texts[id] = strings.Join(strings.Fields(text.String()), " ")
	}
}

func (r *reader) start(e xml.StartElement) {
	id := attribute(e, "id")
	r.open = append(r.open, id)
	if id != "" && r.collect[id] == nil {
		r.collect[id] = &strings.Builder{}
	}
	name, value := attribute(e, "name"), attribute(e, "value")
	switch e.Name.Local {
	case "form":
		r.form = &form{page: r.d.path, action: attribute(e, "action"), values: url.Values{}}
		r.d.forms = append(r.d.forms, r.form)
	case "input":
		r.d.inputs[name] = e
		kind := attribute(e, "type")
		if (kind == "checkbox" || kind == "radio") && (!has(e, "checked") || has(e, "disabled")) || kind == "submit" {
			return
		}
		r.add(name, value)
	case "textarea":
		r.d.inputs[name] = e
		r.area = name
		r.add(name, "")
	case "select":
		r.d.inputs[name] = e
		r.choice, r.chosen = name, false
	case "option":
		if r.choice != "" && (has(e, "selected") || !r.chosen && r.form != nil && !r.form.values.Has(r.choice)) {
			r.chosen = has(e, "selected")
			r.form.values.Set(r.choice, value)
		}
	case "script", "style", "template":
		r.hidden++
	}
}

func (r *reader) end(element string) {
	if len(r.open) > 0 {
		r.open = r.open[:len(r.open)-1]
	}
	switch element {
	case "form":
		r.form = nil
	case "textarea": // browsers drop a line break at its beginning
		if r.form != nil {
			r.form.values.Set(r.area, strings.TrimPrefix(r.form.values.Get(r.area), "\n"))
		}
		r.area = ""
	case "select":
		r.choice = ""
	case "script", "style", "template":
		r.hidden--
	}
}

func (r *reader) chars(text string) {
	if r.area != "" && r.form != nil {
		r.form.values.Set(r.area, r.form.values.Get(r.area)+text)
		return
	}
	if r.hidden > 0 {
		return
	}
	r.text.WriteString(text + " ")
	for _, id := range r.open {
		if id != "" {
			r.collect[id].WriteString(text + " ")
		}
	}
}

func (r *reader) add(name, value string) {
	if r.form != nil && name != "" {
		r.form.values.Add(name, value)
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func has(e xml.StartElement, name string) bool {
	return slices.ContainsFunc(e.Attr, func(a xml.Attr) bool { return a.Name.Local == name })
}
