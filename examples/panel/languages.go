package main

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// choice is a language that an admin may choose, in its own name.
type choice struct{ Tag, Name string }

// languages are those that the module's pages speak; this panel's own few texts are English.
var languages = []choice{
	{"", "as the browser"}, {"en_US", "English"}, {"de", "Deutsch"}, {"es", "Español"}, {"fr", "Français"}, {"it", "Italiano"},
	{"pl", "Polski"}, {"pt_BR", "Português (Brasil)"}, {"ru", "Русский"}, {"tr", "Türkçe"}, {"ja", "日本語"},
	{"zh_CN", "简体中文"}, {"zh_TW", "繁體中文"}, {"ar", "العربية"},
}

// language is POST /language: the session goes on in it, on the page where it was chosen.
func (p *panel) language(c *fiber.Ctx, _ admin) error {
	tag := strings.Clone(c.FormValue("language")) // Fiber uses the memory of a request again
	if !slices.ContainsFunc(languages, func(l choice) bool { return l.Tag == tag }) {
		return fiber.NewError(fiber.StatusUnprocessableEntity, "Choose one of the languages on offer.")
	}
	p.sessions.setLanguage(c.Cookies(sessionCookie), tag)
	return c.Redirect(wayBack(c.FormValue("back")), fiber.StatusSeeOther)
}
