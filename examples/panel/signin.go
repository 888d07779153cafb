package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/signin"
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
	const wrong = "This name and password do not belong together."
	if len(username) > longestName {
		return p.refuseLogin(c, fiber.StatusUnauthorized, "", wrong) // no admin has such a name
	}
	var who admin
	var mailbox signin.Result
	password, client := strings.Clone(c.FormValue("password")), c.Context().RemoteIP().String()
	wait, right, err := p.limits.try(adminName(username), c.Context().RemoteIP(), func() (right bool, err error) {
		who, right, err = p.admins.check(c.UserContext(), username, password)
		if err == nil && !right {
			mailbox, err = p.checkPerson(c.UserContext(), username, password, client)
		}
		return right || mailbox.In(), err
	})
	switch {
	case errors.Is(err, errLater):
		c.Set(fiber.HeaderRetryAfter, "10")
		return p.refuseLogin(c, fiber.StatusServiceUnavailable, username, "Your password cannot be checked at present. Try again later.")
	case err != nil:
		return err
	case wait > 0:
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		return p.refuseLogin(c, fiber.StatusTooManyRequests, username, tooMany(wait))
	case mailbox.Verdict == signin.Expired:
		return p.refuseLogin(c, fiber.StatusUnauthorized, username, "Your password has expired. Change it at your computer first.")
	case !right:
		return p.refuseLogin(c, fiber.StatusUnauthorized, username, wrong)
	}
	if mailbox.In() {
		return p.enter(c, mailbox)
	}
	p.sessions.close(c.Cookies(sessionCookie))
	setSessionCookie(c, p.sessions.open(who))
	return c.Redirect("/", fiber.StatusSeeOther)
}

// tooMany returns the sentence for an attempt that has to wait.
func tooMany(wait time.Duration) string {
	minutes := int(math.Ceil(wait.Minutes()))
	if minutes == 1 {
		return "Too many wrong passwords. Try again in one minute."
	}
	return fmt.Sprintf("Too many wrong passwords. Try again in %d minutes.", minutes)
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
