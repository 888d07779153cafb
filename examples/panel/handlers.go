package main

import (
	"errors"
	"net/url"
	"regexp"
	"strings"

	"github.com/gofiber/fiber/v2"
)

func (p *panel) dashboard(c *fiber.Ctx, who admin) error {
	data := fiber.Map{}
	for name, t := range map[string]table{"Domains": domainTable, "Users": mailboxTable, "Aliases": aliasTable} {
		_, n, err := p.mail.list(c.UserContext(), who, t, "", 1)
		if err != nil {
			return err
		}
		data[name] = n
	}
	return p.draw(c, fiber.StatusOK, "dashboard", "Dashboard", data)
}

// list draws a page of a table.
func (p *panel) list(c *fiber.Ctx, who admin, t table, name, title string, status int, more fiber.Map) error {
	page, search := max(c.QueryInt("page", 1), 1), c.Query("q")
	rows, total, err := p.mail.list(c.UserContext(), who, t, search, page)
	if err != nil {
		return err
	}
	data := fiber.Map{"Rows": rows, "Total": total, "Search": search, "Page": page, "Before": page - 1, "After": 0}
	if page*rowsShown < total {
		data["After"] = page + 1
	}
	for key, value := range more {
		data[key] = value
	}
	return p.draw(c, status, name, title, data)
}

func (p *panel) domains(c *fiber.Ctx, who admin) error {
	return p.list(c, who, domainTable, "domains", "Domains", fiber.StatusOK, nil)
}

func (p *panel) users(c *fiber.Ctx, who admin) error {
	return p.list(c, who, mailboxTable, "users", "Users", fiber.StatusOK, nil)
}

func (p *panel) aliases(c *fiber.Ctx, who admin) error {
	return p.list(c, who, aliasTable, "aliases", "Aliases", fiber.StatusOK, nil)
}

var domainPattern = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$`)

func (p *panel) addDomain(c *fiber.Ctx, who admin) error {
	if !who.Global() {
		return fiber.NewError(fiber.StatusForbidden, "Only global admins may add domains.")
	}
	domain := strings.ToLower(strings.TrimSpace(c.FormValue("domain")))
	if len(domain) > 255 || !domainPattern.MatchString(domain) {
		return p.list(c, who, domainTable, "domains", "Domains", fiber.StatusUnprocessableEntity,
			fiber.Map{"Problem": "Enter a domain such as example.com.", "Domain": domain})
	}
	_, known, err := p.mail.one(c.UserContext(), who, domainTable, domain)
	if err != nil {
		return err
	}
	if known {
		return p.list(c, who, domainTable, "domains", "Domains", fiber.StatusConflict,
			fiber.Map{"Problem": "This domain is hosted here already.", "Domain": domain})
	}
	if err := p.mail.addDomain(c.UserContext(), domain); err != nil {
		return err
	}
	return c.Redirect("/domains", fiber.StatusSeeOther)
}

// profile draws one account with the rows that lead to it or from it.
func (p *panel) profile(c *fiber.Ctx, who admin, t table, name string) error {
	address, err := url.PathUnescape(c.Params("address"))
	if err != nil {
		return fiber.ErrNotFound
	}
	row, found, err := p.mail.one(c.UserContext(), who, t, address)
	if err != nil {
		return err
	}
	if !found {
		return fiber.ErrNotFound
	}
	routes, err := p.mail.routes(c.UserContext(), address)
	if err != nil {
		return err
	}
	source, managed, err := p.module.Source(c.UserContext(), address)
	if err != nil {
		return err
	}
	follows := make(map[string]bool)
	for _, what := range source.Managed {
		follows[what] = true
	}
	return p.draw(c, fiber.StatusOK, name, address, fiber.Map{
		"Row": row, "Routes": routes, "Managed": managed, "Source": source, "Follows": follows, "Names": managedNames,
	})
}

// managedNames are what the module calls managed, as these pages call it.
var managedNames = map[string]string{
	"active": "status", "name": "name", "first_name": "first name", "last_name": "last name", "employee_id": "employee ID",
	"title": "title", "mobile": "mobile", "telephone": "telephone", "members": "members",
}

func (p *panel) user(c *fiber.Ctx, who admin) error { return p.profile(c, who, mailboxTable, "user") }

func (p *panel) alias(c *fiber.Ctx, who admin) error { return p.profile(c, who, aliasTable, "alias") }

func (p *panel) listAdmins(c *fiber.Ctx, who admin) error {
	return p.drawAdmins(c, who, fiber.StatusOK, nil)
}

func (p *panel) drawAdmins(c *fiber.Ctx, who admin, status int, problem error) error {
	if !who.Global() {
		return fiber.NewError(fiber.StatusForbidden, "Only global admins may see this page.")
	}
	all, err := p.admins.all(c.UserContext())
	if err != nil {
		return err
	}
	data := fiber.Map{"Admins": all}
	if problem != nil {
		data["Problem"], data["Username"], data["Domain"] = problem.Error(), c.FormValue("username"), c.FormValue("domain")
	}
	return p.draw(c, status, "admins", "Admins", data)
}

const shortestPassword = 8

func (p *panel) addAdmin(c *fiber.Ctx, who admin) error {
	if !who.Global() {
		return fiber.NewError(fiber.StatusForbidden, "Only global admins may add admins.")
	}
	// Fiber uses the memory of a request again: what is kept has to be copied.
	added := admin{
		Username: strings.Clone(strings.ToLower(strings.TrimSpace(c.FormValue("username")))),
		Domain:   strings.Clone(strings.ToLower(strings.TrimSpace(c.FormValue("domain")))),
		Language: strings.Clone(c.FormValue("language")),
	}
	password := c.FormValue("password")
	switch {
	case added.Username == "":
		return p.drawAdmins(c, who, fiber.StatusUnprocessableEntity, errors.New("enter a name"))
	case len(password) < shortestPassword || len(password) > 72:
		return p.drawAdmins(c, who, fiber.StatusUnprocessableEntity, errors.New("enter a password of 8 to 72 characters"))
	}
	err := p.admins.add(c.UserContext(), added, password)
	if errors.Is(err, errTaken) {
		return p.drawAdmins(c, who, fiber.StatusConflict, errTaken)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/admins", fiber.StatusSeeOther)
}
