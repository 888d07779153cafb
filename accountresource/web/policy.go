package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"
)

// plainPolicy is for pages in the module's own layout: everything on them comes from the panel itself.
const plainPolicy = "default-src 'self'; base-uri 'none'; form-action 'self'; object-src 'none'; "

// protect adds a Content-Security-Policy to a page (CSP Level 3: of several headers every one holds). Nothing is added
// where the host has a policy of its own for frames.
func (w *Web) protect(c *fiber.Ctx) {
	header := &c.Response().Header
	for _, policy := range header.PeekAll(fiber.HeaderContentSecurityPolicy) {
		if strings.Contains(strings.ToLower(string(policy)), "frame-ancestors") {
			return
		}
	}
	policy := "frame-ancestors 'none'"
	if len(w.cfg.FrameAncestors) > 0 {
		policy = "frame-ancestors " + strings.Join(w.cfg.FrameAncestors, " ")
	} else if len(header.Peek(fiber.HeaderXFrameOptions)) == 0 {
		c.Set(fiber.HeaderXFrameOptions, "DENY") // for browsers that know no frame-ancestors
	}
	if w.plain {
		policy = plainPolicy + policy
	}
	header.Add(fiber.HeaderContentSecurityPolicy, policy)
}
