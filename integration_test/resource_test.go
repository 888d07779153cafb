//go:build integration

package integration_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/mailpanel/account-resource/integration_test/servers"
)

const prefix = "/account-resources"

// source is an account resource, as an admin works with it on its pages.
type source struct {
	p  *panel
	id string
}

// status is the newest run, as GET /:id/status tells it.
type status struct {
	Running bool `json:"running"`
	Run     *run `json:"run"`
}

type run struct {
	ID        int64   `json:"id"`
	Mode      string  `json:"mode"`
	Trigger   string  `json:"trigger"`
	Started   string  `json:"started"`
	Finished  *string `json:"finished"`
	Outcome   string  `json:"outcome"`
	Error     string  `json:"error"`
	Created   int     `json:"created"`
	Linked    int     `json:"linked"`
	Updated   int     `json:"updated"`
	Renamed   int     `json:"renamed"`
	Disabled  int     `json:"disabled"`
	Enabled   int     `json:"enabled"`
	Deleted   int     `json:"deleted"`
	Ignored   int     `json:"ignored"`
	Conflicts int     `json:"conflicts"`
	Held      int     `json:"held"`
	Failed    int     `json:"failed"`
}

// counts are the numbers alone, to compare a run with.
func (r *run) counts() run {
	c := *r
	c.ID, c.Mode, c.Trigger, c.Started, c.Finished, c.Outcome, c.Error = 0, "", "", "", nil, "", ""
	return c
}

// values are what is typed into a form.
type values map[string]string

// sambaConnection is what an admin enters for the Samba AD of the tests: LDAPS with its authority pasted.
func sambaConnection(d servers.Directory, unit, domain string) values {
	return values{
		"domain": domain, "host": d.Host, "port": "636", "tls": "on", "timeout": "10", "base_dn": unit,
		"bind_dn": d.BindDN, "bind_password": d.Password, "ca_certificate": d.CACertificate,
	}
}

// addSource adds a resource of the kind and gives its page; it has the documented defaults and nothing else.
func (p *panel) addSource(kind string) *source {
	p.tb.Helper()
	f := p.page(prefix+"/").form(p.tb, prefix+"/")
	d := p.submit(f.set("kind", kind))
	require.Equal(p.tb, http.StatusOK, d.status, d.body)
	return &source{p: p, id: path.Base(d.path)}
}

// connected is a resource with its connection saved, enabled.
func (p *panel) connected(kind string, connection values) *source {
	p.tb.Helper()
	s := p.addSource(kind)
	s.saved("connection", connection)
	s.press("enable")
	return s
}

func (s *source) path(rest string) string { return prefix + "/" + s.id + rest }

// tab is the form of a tab as the page has it.
func (s *source) tab(name string) *form {
	s.p.tb.Helper()
	return s.p.page(s.path("?tab="+name)).form(s.p.tb, s.path("/"+name))
}

func (s *source) filled(tab string, v values) *form {
	s.p.tb.Helper()
	f := s.tab(tab)
	for name, value := range v {
		f.set(name, value)
	}
	return f
}

// save submits a tab and gives the answer, whatever it is.
func (s *source) save(tab string, v values) *document {
	s.p.tb.Helper()
	return s.p.submit(s.filled(tab, v))
}

// saved is save that must succeed.
func (s *source) saved(tab string, v values) {
	s.p.tb.Helper()
	d := s.save(tab, v)
	require.Equal(s.p.tb, http.StatusOK, d.status, d.text)
	require.Empty(s.p.tb, d.problems(), d.text)
}

// test presses Test connection on the unsaved form.
func (s *source) test(v values) *document {
	s.p.tb.Helper()
	return s.p.submit(s.filled("connection", v).to(s.path("/test")))
}

// press sends one of the buttons that need no values.
func (s *source) press(button string) *document {
	s.p.tb.Helper()
	d := s.p.submit(s.tab("connection").to(s.path("/" + button)))
	require.Equal(s.p.tb, http.StatusOK, d.status, "%s: %s", button, d.text)
	return d
}

func (s *source) status() status {
	s.p.tb.Helper()
	d := s.p.get(s.path("/status"))
	require.Equal(s.p.tb, http.StatusOK, d.status, d.body)
	var answer status
	require.NoError(s.p.tb, json.Unmarshal([]byte(d.body), &answer), d.body)
	return answer
}

// replicate presses Replicate Now and waits for the end of that run.
func (s *source) replicate() *run {
	s.p.tb.Helper()
	return s.started(func() { s.press("replicate") })
}

// everything replicates the whole directory, whether it changed or not.
func (s *source) everything() *run {
	s.p.tb.Helper()
	return s.started(func() {
		d := s.p.submit(s.tab("connection").to(s.path("/replicate")).set("mode", "full"))
		require.Equal(s.p.tb, http.StatusOK, d.status, d.text)
	})
}

// started waits for the end of the run that press starts.
func (s *source) started(press func()) *run {
	s.p.tb.Helper()
	s.idle()
	var before int64
	if r := s.status().Run; r != nil {
		before = r.ID
	}
	press()
	var last status
	s.p.eventually("the run ends", func() bool {
		last = s.status()
		return !last.Running && last.Run != nil && last.Run.ID > before && last.Run.Finished != nil
	})
	return last.Run
}

// idle waits until nothing runs, such as the run that enabling may have begun.
func (s *source) idle() {
	s.p.tb.Helper()
	s.p.eventually("no run is going on", func() bool { return !s.status().Running })
}

// succeeded is replicate for a run that has no failure.
func (s *source) succeeded() *run {
	s.p.tb.Helper()
	r := s.replicate()
	require.Equal(s.p.tb, "succeeded", r.Outcome, "%+v", r)
	return r
}

// log is the page with the log of a run.
func (s *source) log(r *run, query string) *document {
	s.p.tb.Helper()
	return s.p.page(s.path(fmt.Sprintf("/log?run=%d%s", r.ID, query)))
}

// mailDomain is the domain of one test.
func mailDomain(testing.TB) string { return unique() + ".example.com" }
