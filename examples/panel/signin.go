package main

import (
	"github.com/gofiber/fiber/v2"
)

type page func(c *fiber.Ctx, who admin) error

// signedIn sends everybody else to the sign-in page.
func (p *panel) signedIn(draw page) fiber.Handler {
	return func(c *fiber.Ctx) error {
		who, ok := p.sessions.of(c)
		if !ok {
			return c.Redirect("/login", fiber.StatusFound)
		}
		return draw(c, who)
	}
}

func (p *panel) loginPage(c *fiber.Ctx) error {
	return p.draw(c, fiber.StatusOK, "login", "Sign in", fiber.Map{})
}

// login is POST /login. It begins a new session and ends the one that the browser had.
func (p *panel) login(c *fiber.Ctx) error {
	username, err := formText(c, "username")
	if err != nil {
		return err
	}
	who, right, err := p.admins.check(c.UserContext(), username, c.FormValue("password"))
	if err != nil {
		return err
	}
	if !right {
		return p.refuseLogin(c, fiber.StatusUnauthorized, username, "This name and password do not belong together.")
	}
	p.sessions.close(c.Cookies(sessionCookie))
	setSessionCookie(c, p.sessions.open(who))
	return c.Redirect("/", fiber.StatusSeeOther)
}

// refuseLogin shows the form again, with the name that was typed.
func (p *panel) refuseLogin(c *fiber.Ctx, status int, username, problem string) error {
	return p.draw(c, status, "login", "Sign in", fiber.Map{"Problem": problem, "Username": username})
}

// logout is POST /logout; by GET, which any page of the web can have a browser send, it is not there.
func (p *panel) logout(c *fiber.Ctx) error {
	p.sessions.close(c.Cookies(sessionCookie))
	setSessionCookie(c, "")
	return c.Redirect("/login", fiber.StatusSeeOther)
}
