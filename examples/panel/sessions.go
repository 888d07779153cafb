package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource"
)

const (
	sessionCookie = "panel_session"
	sessionLife   = 12 * time.Hour
)

// sessionsOf keeps who is signed in, by the names of their sessions. They end with the process.
type sessionsOf[T any] struct {
	mu     sync.Mutex
	byName map[string]session[T]
}

type session[T any] struct {
	who   T
	until time.Time
}

func newSessionsOf[T any]() sessionsOf[T] { return sessionsOf[T]{byName: make(map[string]session[T])} }

// sessionName returns the name under which a session is kept and told to the module: half of the SHA-256 of the
// cookie's value, as 32 hexadecimal digits. The cookie cannot be made from it.
func sessionName(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}

// open begins a session and returns the value of its cookie, which nobody can guess.
func (s *sessionsOf[T]) open(who T) string {
	id := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, old := range s.byName {
		if time.Now().After(old.until) {
			delete(s.byName, name)
		}
	}
	s.byName[sessionName(id)] = session[T]{who, time.Now().Add(sessionLife)}
	return id
}

// close ends a session; that there is none is fine.
func (s *sessionsOf[T]) close(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byName, sessionName(id))
}

func (s *sessionsOf[T]) find(id string) (T, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.byName[sessionName(id)]
	return found.who, ok && time.Now().Before(found.until)
}

// sessions keeps the admins who are signed in.
type sessions struct{ sessionsOf[admin] }

func newSessions() *sessions { return &sessions{newSessionsOf[admin]()} }

// setLanguage changes the language of a session.
func (s *sessions) setLanguage(id, language string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := sessionName(id)
	if found, ok := s.byName[name]; ok {
		found.who.Language = language
		s.byName[name] = found
	}
}

// setSessionCookie gives the browser its session's cookie, or takes it away where id is empty.
func setSessionCookie(c *fiber.Ctx, id string) { setCookie(c, sessionCookie, id) }

func setCookie(c *fiber.Ctx, name, id string) {
	cookie := &fiber.Cookie{
		Name: name, Value: id, Path: "/", HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode, Secure: c.Protocol() == "https",
	}
	if id == "" {
		cookie.Expires = time.Unix(1, 0)
	}
	c.Cookie(cookie)
}

// of returns the admin who sent the request.
func (s *sessions) of(c *fiber.Ctx) (admin, bool) { return s.find(c.Cookies(sessionCookie)) }

// Admin and LoginPath make the sessions an accountresource.Auth.
func (s *sessions) Admin(c *fiber.Ctx) (accountresource.Admin, bool) {
	who, ok := s.of(c)
	return accountresource.Admin{
		Username:    who.Username,
		GlobalAdmin: ok && who.Global(), Session: sessionName(c.Cookies(sessionCookie)),
		Language: who.Language,
	}, ok
}

// LoginPath returns the path of the sign-in page.
func (s *sessions) LoginPath(*fiber.Ctx) string { return "/login" }
