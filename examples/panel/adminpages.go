package main

import (
	"errors"
	"slices"

	"github.com/gofiber/fiber/v2"
)

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

func (p *panel) addAdmin(c *fiber.Ctx, who admin) error {
	if !who.Global() {
		return fiber.NewError(fiber.StatusForbidden, "Only global admins may add admins.")
	}
	added, err := adminOf(c)
	if err != nil {
		return err
	}
	password := c.FormValue("password")
	if err := checkNewAdmin(added, password); err != nil {
		return p.drawAdmins(c, who, fiber.StatusUnprocessableEntity, err)
	}
	err = p.admins.add(c.UserContext(), added, password)
	if errors.Is(err, errTaken) {
		return p.drawAdmins(c, who, fiber.StatusConflict, errTaken)
	}
	if err != nil {
		return err
	}
	return c.Redirect("/admins", fiber.StatusSeeOther)
}

// adminOf reads the form of a new admin.
func adminOf(c *fiber.Ctx) (admin, error) {
	username, nameErr := formText(c, "username")
	domain, domainErr := formText(c, "domain")
	language, languageErr := formText(c, "language")
	if nameErr != nil || domainErr != nil || languageErr != nil {
		return admin{}, errNoText
	}
	return admin{Username: adminName(username), Domain: domainName(domain), Language: language}, nil
}

// Lengths in bytes: a name has to fit its column, a password bcrypt, which reads no more.
const (
	longestName      = 255
	shortestPassword = 8
	longestPassword  = 72
)

// checkNewAdmin returns what is wrong with a new admin, as a sentence.
func checkNewAdmin(a admin, password string) error {
	switch {
	case a.Username == "" || len(a.Username) > longestName:
		return errors.New("enter a name of at most 255 characters")
	case len(password) < shortestPassword || len(password) > longestPassword:
		return errors.New("enter a password of 8 to 72 characters")
	case a.Domain != "" && !isDomain(a.Domain):
		return errors.New("enter a domain such as example.com, or none for a global admin")
	case !slices.ContainsFunc(languages, func(l choice) bool { return l.Tag == a.Language }):
		return errors.New("enter a language such as en_US or de, or none")
	}
	return nil
}
