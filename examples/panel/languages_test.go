package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

var waysBack = []struct{ back, leads string }{
	{"/users?q=a%20b&page=2", "/users?q=a%20b&page=2"},
	{"/users/anna%40corp.example", "/users/anna%40corp.example"},
	{"/account-resources/1?tab=users", "/account-resources/1?tab=users"},
	{"/users?back=http://evil.example", "/users?back=http://evil.example"},
	{"/users#top", "/users"},
	{"/", "/"},
	{"", "/"},
	{"users", "/"},
	{"?q=a", "/"},
	{"//evil.example", "/"},
	{"///evil.example", "/"},
	{"////evil.example/a", "/"},
	{"/.//evil.example", "/"},
	{"/%2e//evil.example", "/"},
	{"/%2F/evil.example", "/"},
	{`/\evil.example`, "/"},
	{`\\evil.example`, "/"},
	{"/%5Cevil.example", "/"},
	{"/\t/evil.example", "/"},
	{"/\n/evil.example", "/"},
	{" //evil.example", "/"},
	{"/ /evil.example", "/"},
	{"/users\r\nSet-Cookie: panel_session=x", "/"},
	{"/users%0d%0aSet-Cookie:x", "/"},
	{"/a\x00", "/"},
	{"/a\x7f", "/"},
	{"/\xff", "/"},
	{"/\u2028/evil.example", "/"},
	{"http://evil.example/users", "/"},
	{"https:evil.example", "/"},
	{"http:/users", "/"},
	{"javascript:alert(1)", "/"},
	{"data:text/html,x", "/"},
	{"//panel.example@evil.example/", "/"},
	{"http://panel.example/users", "/"},
	{"/%zz", "/"},
	{"/" + strings.Repeat("a", 5000), "/"},
}

func TestWayBack(t *testing.T) {
	p := newTestPanel(t)
	b := p.newBrowser(t, true)
	for _, test := range waysBack {
		a := b.post("/language", url.Values{"language": {"de"}, "back": {test.back}})
		assert.Equal(t, http.StatusSeeOther, a.status, "%q", test.back)
		assert.Equal(t, test.leads, a.location, "%q", test.back)
	}
	assert.Equal(t, http.StatusUnprocessableEntity, b.post("/language", url.Values{"language": {"xx"}}).status)
}
