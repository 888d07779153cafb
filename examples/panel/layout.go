package main

import (
	"maps"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource"
)

// entry is a line of the navigation.
type entry struct {
	Title, Path string
	Here        bool
}

// draw draws one of the panel's own pages. Browsers must not show it again after signing out.
func (p *panel) draw(c *fiber.Ctx, status int, name, title string, data fiber.Map) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	chrome := p.chrome(c, title)
	maps.Copy(chrome, data)
	return c.Status(status).Render("pages/"+name, chrome, "pages/layout")
}

// layout draws the panel around a page of the module: all that a host has to do for it.
func (p *panel) layout(c *fiber.Ctx, page accountresource.Page) error {
	chrome := p.chrome(c, page.Title)
	chrome["Content"], chrome["Language"], chrome["Direction"] = page.Content, page.Language, page.Direction
	chrome["Stylesheets"], chrome["Scripts"] = page.Stylesheets, page.Scripts
	return c.Render("pages/module", chrome, "pages/layout")
}

func (p *panel) chrome(c *fiber.Ctx, title string) fiber.Map {
	chrome := fiber.Map{"Title": title, "Language": "en-US", "Direction": "ltr"}
	who, signedIn := p.sessions.of(c)
	if !signedIn {
		return chrome
	}
	chrome["Who"], chrome["Languages"], chrome["Here"] = who, languages, c.OriginalURL()
	if c.Method() != fiber.MethodGet { // the page that the form was on
		chrome["Here"] = path.Dir(c.Path())
	}
	chrome["Navigation"] = p.navigation(c, who)
	return chrome
}

func (p *panel) navigation(c *fiber.Ctx, who admin) []entry {
	entries := []entry{
		{Title: "Dashboard", Path: "/"}, {Title: "Domains", Path: "/domains"}, {Title: "Users", Path: "/users"},
		{Title: "Aliases", Path: "/aliases"},
	}
	if who.Global() {
		module := p.module.SidebarEntry(c)
		entries = append(entries, entry{Title: module.Title, Path: module.Path}, entry{Title: "Admins", Path: "/admins"})
	}
	for i, e := range entries {
		entries[i].Here = c.Path() == e.Path || e.Path != "/" && strings.HasPrefix(c.Path(), e.Path+"/")
	}
	return entries
}
