package main

import (
	"net/url"
	"strings"
)

// longestBack is the length in bytes of the longest path that is followed; Fiber reads no longer URL.
const longestBack = 4096

// wayBack returns the path and query of a page of this panel, as a form sent it, or "/" for everything else: browsers
// read "//host", "/\host" and their variants as another site. What is followed is ASCII, as a URL is (RFC 3986).
func wayBack(text string) string {
	const home = "/"
	if len(text) > longestBack || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }) {
		return home
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || !isPlainPath(u.Path) {
		return home
	}
	if u.RawQuery == "" {
		return u.EscapedPath()
	}
	return u.EscapedPath() + "?" + u.RawQuery
}

// isPlainPath reports whether an unescaped path begins with one slash and has nothing in it that may be read as the
// beginning of a host or as the end of a header.
func isPlainPath(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.Contains(path, "//") && isText(path) &&
		!strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' })
}
