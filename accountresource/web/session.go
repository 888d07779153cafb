package web

import (
	"crypto/rand"
	"regexp"
	"time"

	"github.com/gofiber/fiber/v2"
)

// sessionCookie names the session of an admin for whom the host names none.
const sessionCookie = "account_resource_session"

// ownSession is what rand.Text gives; whatever else a browser sends as our cookie is replaced.
var ownSession = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// nameSession gives a request of a host that names no sessions the name in a cookie of the module's own; pages set it
// where it is missing.
func (r *request) nameSession() {
	if r.admin.Session != "" {
		return
	}
	if name := r.Cookies(sessionCookie); ownSession.MatchString(name) {
		r.admin.Session = "cookie " + name
		return
	}
	if r.kind == asJSON || r.Method() == fiber.MethodPost {
		return // nothing is drawn that has a token
	}
	name := rand.Text()
	r.Cookie(&fiber.Cookie{
		Name: sessionCookie, Value: name, Path: r.web.cfg.Prefix, HTTPOnly: true, Secure: r.Secure(),
		SameSite: fiber.CookieSameSiteLaxMode, Expires: time.Time{}, SessionOnly: true,
	})
	r.admin.Session = "cookie " + name
}
