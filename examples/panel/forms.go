package main

import (
	"net/url"

	"github.com/gofiber/fiber/v2"
)

// headers tells browsers to be strict. The pages of the module have to live with that.
func headers(c *fiber.Ctx) error {
	c.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderReferrerPolicy, "same-origin")
	return c.Next()
}

// plainBody refuses every compressed body, before anything of it is read: Fiber inflates one without a limit, and a
// hundred kilobytes can become gigabytes. No browser compresses a form.
func plainBody(c *fiber.Ctx) error {
	for _, encoding := range c.Request().Header.PeekAll(fiber.HeaderContentEncoding) {
		if len(encoding) > 0 {
			return fiber.NewError(fiber.StatusUnsupportedMediaType, "A compressed form is not accepted. Send it without Content-Encoding.")
		}
	}
	return c.Next()
}

// sameOrigin refuses forms that other sites send. Browsers name the site in Origin, or say in Sec-Fetch-Site how it is
// related to this one (W3C Fetch Metadata); a program that sends neither carries no session of a browser.
func sameOrigin(c *fiber.Ctx) error {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions:
		return c.Next()
	}
	if !fromHere(c.Get(fiber.HeaderOrigin), string(c.Context().Host()), c.Get("Sec-Fetch-Site")) {
		return fiber.NewError(fiber.StatusForbidden, "This form came from another site. Open the page in this panel and send it again.")
	}
	return c.Next()
}

// fromHere reports whether the headers of a request allow that a page of this host sent it.
func fromHere(origin, host, site string) bool {
	if site != "" && site != "same-origin" && site != "none" {
		return false
	}
	if origin == "" {
		return true
	}
	from, err := url.Parse(origin)
	return err == nil && from.Host == host
}
