package main

import (
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
	search, err := queryText(c, "q")
	if err != nil {
		return err
	}
	page, err := pageNumber(c)
	if err != nil {
		return err
	}
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

// domainName returns a domain as it is stored.
func domainName(text string) string { return strings.ToLower(strings.TrimSpace(text)) }

func isDomain(name string) bool { return len(name) <= 255 && domainPattern.MatchString(name) }

func (p *panel) addDomain(c *fiber.Ctx, who admin) error {
	if !who.Global() {
		return fiber.NewError(fiber.StatusForbidden, "Only global admins may add domains.")
	}
	text, err := formText(c, "domain")
	if err != nil {
		return err
	}
	domain := domainName(text)
	if !isDomain(domain) {
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
	address, err := addressParameter(c)
	if err != nil {
		return err
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
