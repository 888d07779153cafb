package main

import (
	"context"
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource/signin"
)

// personCookie is the session of somebody who reads mail here. It opens the page of the own account and nothing else.
const personCookie = "panel_person"

// person is somebody who reads mail here: the mailbox, and the object of the directory that it follows.
type person struct{ address, source string }

// errLater is for a password of which nothing can be said now: it counts neither as right nor as wrong.
var errLater = errors.New("the directory cannot be asked")

// checkPerson checks the directory's password of somebody who is no admin. An error is errLater or a fault of the panel's.
func (p *panel) checkPerson(ctx context.Context, address, password, client string) (signin.Result, error) {
	result, err := p.module.Authenticate(ctx, address, password, signin.FromClient(client))
	switch {
	case result.In():
		return result, nil // an error goes to the log only where it lets nobody in
	case err != nil:
		p.logger.Error("sign in with the directory password", "error", err)
		return result, errLater
	case result.Verdict.Outside() == signin.Unavailable:
		return result, errLater
	}
	return result, nil
}

// enter begins a person's session. It belongs to the person: once somebody else has the address, it shows nothing any more.
func (p *panel) enter(c *fiber.Ctx, who signin.Result) error {
	p.people.close(c.Cookies(personCookie))
	p.sessions.close(c.Cookies(sessionCookie)) // whoever used this browser before
	setSessionCookie(c, "")
	setCookie(c, personCookie, p.people.open(person{who.Address, string(who.Source)}))
	return c.Redirect("/account", fiber.StatusSeeOther)
}

// account is GET /account: what somebody sees of the own mailbox.
func (p *panel) account(c *fiber.Ctx) error {
	who, signedIn := p.people.find(c.Cookies(personCookie))
	if !signedIn {
		return c.Redirect("/login", fiber.StatusFound)
	}
	_, domain, _ := strings.Cut(who.address, "@")
	reader := admin{Domain: domain} // sees the own domain, of which one account is asked for
	row, found, err := p.mail.one(c.UserContext(), reader, mailboxTable, who.address)
	if err != nil {
		return err
	}
	source, managed, err := p.module.Source(c.UserContext(), who.address)
	if err != nil {
		return err
	}
	if !found || row["active"] != "1" || source.ID != who.source { // renamed, deleted, switched off or somebody else's since
		return p.leave(c)
	}
	routes, err := p.mail.routes(c.UserContext(), who.address)
	if err != nil {
		return err
	}
	var aliases []string
	for _, r := range routes {
		if r["forwarding"] == who.address && r["address"] != who.address {
			aliases = append(aliases, r["address"])
		}
	}
	return p.draw(c, fiber.StatusOK, "account", "My account", fiber.Map{"Row": row, "Aliases": aliases, "Managed": managed})
}

// leave is POST /account/logout.
func (p *panel) leave(c *fiber.Ctx) error {
	p.people.close(c.Cookies(personCookie))
	setCookie(c, personCookie, "")
	return c.Redirect("/login", fiber.StatusSeeOther)
}
