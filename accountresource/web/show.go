package web

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/accountresource/resource"
	"github.com/mailpanel/account-resource/accountresource/run"
)

// showView is a resource's page: its tabs, one of them open.
type showView struct {
	resource.Resource
	*heldView // changes that wait for an admin
	Tabs      []string
	Tab       string
	Fields    []field
	Problems  []problemView // all of them, for the summary
	Sample    *sampleView
	Preview   *previewView
	Domains   []string
	Proposals []string // attribute names
	// Enable offers to enable a resource whose stored connection passed a test.
	Enable bool
	// PasswordStored says that an empty password field keeps one.
	PasswordStored bool
	// Locked says why the stored password cannot be opened; empty where it can.
	Locked string
	// Sealed is the password that was typed into this form before, which only this panel can open; lostPassword for one
	// that cannot be restored any more.
	Sealed string
	// Shown is the revision of the settings that the form was shown with.
	Shown    string
	Chain    *chainView
	Proposal *proposalView
	Effect   *effectView
	SignIn   *signInView
}

// field is a form field with what is known of it.
type field struct {
	Name, Value string
	Kind        string // how it is drawn: text, number, password, toggle, long, choice, attribute, domain
	Options     []string
	Problem     string
	Min, Max    string
	Code        bool // not a text of any language: an address, a DN, a filter
	// Found are values that a test found in the attribute; Looked says that it looked.
	Found  []string
	Looked bool
}

// problemView is a problem in the summary, with where to mend it.
type problemView struct {
	Field, Tab, Text string
}

// Lost reports whether the password that was typed before has to be typed again.
func (v showView) Lost() bool { return v.Sealed == lostPassword }

// Unsaved tells that a test has just succeeded with what is not saved: that is what is offered to be enabled then.
func (v showView) Unsaved() bool { return v.Sample != nil && v.Sample.Unsaved }

// show is GET /:id.
func (w *Web) show(r *request) error {
	res, err := r.resource()
	if err != nil {
		return err
	}
	t, _ := tabNamed(r.Query("tab"))
	return w.showWith(r, res, page{status: fiber.StatusOK, tab: t, values: t.values(&res.Settings)})
}

// page is what one drawing of the resource's page differs in.
type page struct {
	status   int
	tab      tab
	values   map[string]string
	problems resource.Problems
	sample   *sampleView
	preview  *previewView
	chain    *chainView
	proposal *proposalView
	marked   []string // changes that wait
	whole    []string // kinds of them
	unsure   int
	tried    *tried
}

func (w *Web) showWith(r *request, res resource.Resource, p page) error {
	names, err := w.cfg.Operations.Domains(r.UserContext(), "", 20)
	if err != nil {
		return err
	}
	held, err := w.heldOf(r, &res, &p)
	if err != nil {
		return err
	}
	v := showView{
		heldView: held, Preview: p.preview, Chain: p.chain, Proposal: p.proposal,
		Resource: res, Tab: p.tab.name, Sample: p.sample, Domains: names, Proposals: attributeProposals(),
		Enable:         res.Tested && !res.Enabled,
		PasswordStored: !res.Settings.Connection.BindPassword.IsZero(), Locked: r.lockedText(res),
	}
	v.Shown = strconv.FormatInt(res.Revision, 10)
	if before := r.form["revision"]; before != "" && p.status != fiber.StatusConflict {
		v.Shown = before // what was typed is still meant for that
	}
	if r.form != nil {
		if v.Sealed, err = w.seal(r, endpointOf(r.form, res), time.Now()); err != nil {
			return err
		}
	}
	if p.tab.name == "replication" {
		if v.Effect, err = w.effect(r, res, p.values, len(held.Held)); err != nil {
			return err
		}
	}
	if p.tab.name == "signin" {
		if v.SignIn, err = w.signInOf(r, &res); err != nil {
			return err
		}
		if p.tried != nil {
			v.SignIn.Address, v.SignIn.Verdict = p.tried.address, p.tried.verdict
		}
	}
	if r.form == nil && p.values["domain"] == "" && len(names) == 1 { // there is no choice
		p.values["domain"] = names[0]
	}
	for _, t := range tabs {
		if t.name != "groups" || res.Settings.Replication.Groups || p.tab.name == "groups" {
			v.Tabs = append(v.Tabs, t.name)
		}
	}
	byField := p.problems.ByField()
	for _, f := range p.tab.layout() {
		f.Value = p.values[f.Name]
		if p.sample != nil {
			f.Found, f.Looked = p.sample.found(f.Name)
		}
		if problem := byField[f.Name]; problem != nil {
			f.Problem = r.Say(problem.Message)
		}
		v.Fields = append(v.Fields, f)
	}
	for _, problem := range p.problems {
		v.Problems = append(v.Problems, problemView{problem.Field, tabOf(problem.Field), r.Say(problem.Message)})
	}
	return r.render(p.status, "show", "show_title", v)
}

// tabOf is the tab that has the field; empty for problems of the whole page.
func tabOf(name string) string {
	for _, t := range tabs {
		for _, f := range t.fields() {
			if f == name {
				return t.name
			}
		}
	}
	return ""
}

// layout says how the tab's fields are drawn.
func (t tab) layout() []field {
	kinds := map[string]field{
		"domain": {Kind: "domain"}, "port": {Kind: "number", Min: "1", Max: "65535"}, "tls": {Kind: "toggle"},
		"timeout": {Kind: "number", Min: "1", Max: "300"}, "bind_password": {Kind: "password"},
		"ca_certificate": {Kind: "long"}, "user_filter": {Kind: "long"}, "group_filter": {Kind: "long"},
		"interval": {Kind: "number", Min: "1", Max: "10080"}, "groups": {Kind: "toggle"},
		"existing_accounts": {Kind: "choice", Options: []string{"link", "leave"}},
		"delete":            {Kind: "toggle"}, "keep_days": {Kind: "number", Min: "0", Max: "3650"},
		"live": {Kind: "toggle"}, "group_moderator": {Kind: "toggle"}, "delete_app_data": {Kind: "toggle"}, "disable_removed": {Kind: "toggle"},
		"max_removals":        {Kind: "number", Min: "0", Max: "100000"},
		"max_removal_percent": {Kind: "number", Min: "0", Max: "100"},
		"signin":              {Kind: "choice", Options: []string{string(resource.SignInOff), string(resource.SignInWithDirectory)}},
		"signin_grace":        {Kind: "choice", Options: resource.Graces()},
		"host":                {Kind: "text"}, "base_dn": {Kind: "text"}, "bind_dn": {Kind: "text"},
	}
	policies := field{Kind: "choice"}
	for _, p := range resource.AccessPolicies() {
		policies.Options = append(policies.Options, string(p))
	}
	kinds["access_policy"] = policies
	var fields []field
	for _, name := range t.fields() {
		f, special := kinds[name]
		if !special {
			f.Kind = "attribute"
		}
		f.Name = name
		f.Code = f.Kind != "toggle" && f.Kind != "choice" && f.Kind != "number"
		fields = append(fields, f)
	}
	return fields
}

// attributeProposals are the names that Active Directory usually has for what is mapped.
func attributeProposals() []string {
	return []string{
		"cn", "company", "department", "description", "displayName", "employeeID", "employeeNumber", "extensionAttribute1",
		"givenName", "homePhone", "initials", "ipPhone", "mail", "mailNickname", "mobile", "name", "otherMobile",
		"otherTelephone", "physicalDeliveryOfficeName", "proxyAddresses", "sAMAccountName", "sn", "telephoneNumber",
		"title", "userAccountControl", "userPrincipalName",
	}
}

// sampleView is the result of a connection test.
type sampleView struct {
	Server  string
	Columns []account.Field
	Users   []account.Object
	Groups  []account.Object
	// Unsaved says that what was tested is not what is stored.
	Unsaved bool
}

func viewOf(s run.Sample, set *resource.Settings, unsaved bool) *sampleView {
	v := &sampleView{Server: s.Probe.Server, Users: s.Users, Groups: s.Groups, Unsaved: unsaved}
	for _, f := range account.AllFields() {
		if set.Users.Mapped().Has(f) {
			v.Columns = append(v.Columns, f)
		}
	}
	return v
}

// Profile is an object's value of a field; templates cannot index by its type.
func (v *sampleView) Profile(o account.Object, f account.Field) string { return o.Profile[f] }

// foundShown is how many values are shown for an example.
const foundShown = 3

// found are the first values of the attribute that feeds a form field; looked is false for fields that none feeds.
func (v *sampleView) found(name string) (values []string, looked bool) {
	objects, value := v.Users, map[string]func(account.Object) []string{
		"user_mail": func(o account.Object) []string { return o.Mail },
	}
	for _, f := range v.Columns {
		value["user_"+f.String()] = func(o account.Object) []string { return []string{o.Profile[f]} }
	}
	if strings.HasPrefix(name, "group_") {
		objects = v.Groups
		value["group_mail"] = func(o account.Object) []string { return o.Mail }
		value["group_name"] = func(o account.Object) []string { return []string{o.Profile[account.Name]} }
	}
	of := value[name]
	if of == nil || len(objects) == 0 {
		return nil, false
	}
	for _, o := range objects {
		for _, text := range of(o) {
			if text != "" && len(values) < foundShown && !slices.Contains(values, text) {
				values = append(values, text)
			}
		}
	}
	return values, true
}
