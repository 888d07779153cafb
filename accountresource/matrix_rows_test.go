package accountresource_test

import (
	"maps"
	"net/url"
	"regexp"
)

var assetPath = regexp.MustCompile(`href="/account-resources(/assets/[^"]+)"`)

// cell is a row of the matrix: a route with the values that make it do something.
type cell struct {
	route string // as it is mounted
	path  string // below the prefix
	form  url.Values
	// status is what a global admin gets, in the method that the route is for: of POST with a right token in the form, and
	// then once more with one in the header.
	status, again int
	kind          string // page, data, stream, file or asset; forms answer as pages do
}

// matrix has a row for every route and every export. A form acts on what the ones before it have left.
func matrix(f *followed) []cell {
	page := func(route, path string) cell { return cell{route, path, nil, 200, 200, "page"} }
	form := func(route, path string, status int, values url.Values) cell {
		return cell{route, path, values, status, status, "page"}
	}
	csv, use, trust, decision := maps.Clone(f.form), maps.Clone(f.form), maps.Clone(f.form), url.Values{"decision": {"confirm"}, "source": {"x"}}
	csv.Set("format", "csv")
	use.Set("use", f.form.Get("base_dn"))
	trust.Set("trust", f.form.Get("ca_certificate"))
	asset := assetPath.FindStringSubmatch(f.get("/account-resources").body)[1]
	file := form("/:id/preview", "/1/preview", 200, csv)
	file.kind = "file"
	deleted := form("/:id/delete", "/1/delete", 303, nil)
	deleted.again = 404
	return []cell{
		page("/", "/"), page("/:id", "/1"), page("/:id", "/1?tab=replication"), page("/:id/log", "/1/log"), page("/:id/log", "/1/log?account=x"), page("/:id/removals", "/1/removals?page=2"),
		{"/:id/log", "/1/log?format=csv", nil, 200, 200, "file"}, {"/:id/log", "/1/log?account=x&format=csv", nil, 200, 200, "file"},
		{"/:id/status", "/1/status", nil, 200, 200, "data"}, {"/domains", "/domains?q=c", nil, 200, 200, "data"},
		{"/progress", "/progress", nil, 200, 200, "stream"}, {"/:id/progress", "/1/progress", nil, 200, 200, "stream"},
		{"/assets/:hash/:name", asset, nil, 200, 200, "asset"},
		form("/:id/test", "/1/test", 200, f.form), form("/:id/propose", "/1/propose", 200, f.form), form("/:id/propose", "/1/propose", 200, use),
		form("/:id/trust", "/1/trust", 200, trust), form("/:id/preview", "/1/preview", 200, f.form), file,
		form("/:id/connection", "/1/connection", 303, f.form), form("/:id/replication", "/1/replication", 303, url.Values{"interval": {"77"}}),
		form("/:id/users", "/1/users", 303, url.Values{"user_title": {"description"}}), form("/:id/groups", "/1/groups", 303, nil),
		form("/:id/removals", "/1/removals", 303, decision), form("/:id/removals", "/1/removals", 400, nil),
		form("/:id/signin", "/1/signin", 303, url.Values{"signin": {"directory"}}), page("/:id", "/1?tab=signin"),
		form("/:id/signin/try", "/1/signin/try", 422, nil), {"/:id/signin/files/:name", "/1/signin/files/account-resource.conf", nil, 200, 200, "page"},
		form("/:id/disable", "/1/disable", 303, nil), form("/:id/enable", "/1/enable", 303, nil),
		form("/:id/replicate", "/1/replicate", 303, url.Values{"mode": {"full"}}), form("/:id/cancel", "/1/cancel", 303, nil),
		form("/", "/", 303, url.Values{"kind": {"samba"}}), deleted,
	}
}
