package main

import (
	"crypto/rand"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/mailpanel/account-resource/accountresource"
)

const (
	sessionCookie = "panel_session"
	sessionLife   = 12 * time.Hour
)

// sessions are who is signed in. They end with the process.
type sessions struct {
	mu   sync.Mutex
	byID map[string]session
}

type session struct {
	admin
	until time.Time
}

func newSessions() *sessions { return &sessions{byID: make(map[string]session)} }

// open begins a session and gives its name, which nobody can guess.
func (s *sessions) open(who admin) string {
	id := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	for old, one := range s.byID {
		if time.Now().After(one.until) {
			delete(s.byID, old)
		}
	}
	s.byID[id] = session{who, time.Now().Add(sessionLife)}
	return id
}

func (s *sessions) close(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, id)
}

func (s *sessions) find(id string) (admin, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, found := s.byID[id]
	return one.admin, found && time.Now().Before(one.until)
}

// speak has a session go on in another language.
func (s *sessions) speak(id, language string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one, found := s.byID[id]; found {
		one.Language = language
		s.byID[id] = one
	}
}

// of is who sent the request.
func (s *sessions) of(c *fiber.Ctx) (admin, bool) { return s.find(c.Cookies(sessionCookie)) }

// Admin and LoginPath make the sessions an accountresource.Auth.
func (s *sessions) Admin(c *fiber.Ctx) (accountresource.Admin, bool) {
	who, ok := s.of(c)
	return accountresource.Admin{Username: who.Username, GlobalAdmin: ok && who.Global(), Language: who.Language}, ok
}

// LoginPath is where somebody who is not signed in is sent.
func (s *sessions) LoginPath(*fiber.Ctx) string { return "/login" }
