package web

import (
	"fmt"
	"html"
	"html/template"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/mailpanel/account-resource/accountresource/account"
	"github.com/mailpanel/account-resource/locales"
)

// texts are the sentences in every language there is.
type texts struct {
	bundle  *i18n.Bundle
	matcher language.Matcher
	tags    []language.Tag
}

// fallback is the language that has every text.
var fallback = language.AmericanEnglish

func loadTexts() (*texts, error) {
	bundle := i18n.NewBundle(fallback)
	names, err := fs.Glob(locales.FS, "*.json")
	if err != nil {
		return nil, fmt.Errorf("list the languages: %w", err)
	}
	t := &texts{bundle: bundle, tags: []language.Tag{fallback}}
	for _, name := range names {
		file, err := bundle.LoadMessageFileFS(locales.FS, name)
		if err != nil {
			return nil, fmt.Errorf("read language %s: %w", name, err)
		}
		if file.Tag != fallback {
			t.tags = append(t.tags, file.Tag)
		}
	}
	t.matcher = language.NewMatcher(t.tags)
	return t, nil
}

// localizer says things in one language.
type localizer struct {
	tag       language.Tag
	localizer *i18n.Localizer
	printer   *message.Printer
}

// localizer is for the admin's language, else for the browser's.
func (w *Web) localizer(c *fiber.Ctx, admin Admin) *localizer {
	_, i := language.MatchStrings(w.texts.matcher, strings.ReplaceAll(admin.Language, "_", "-"), c.Get(fiber.HeaderAcceptLanguage))
	tag := w.texts.tags[i]
	return &localizer{
		tag: tag, localizer: i18n.NewLocalizer(w.texts.bundle, tag.String(), fallback.String()),
		printer: message.NewPrinter(tag),
	}
}

// T is the text of a key with pairs of name and value; Count, a number, chooses the plural form. A key without a text
// is its own text: somebody will notice.
func (s *localizer) T(key string, pairs ...any) string {
	args := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		args[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return s.text(key, args)
}

// Rich is T with each value in an element of its own, which the script finds by data-value and the stylesheet sets off.
func (s *localizer) Rich(key string, pairs ...any) template.HTML {
	args, marks := make(map[string]any, len(pairs)/2), make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		name, mark := fmt.Sprint(pairs[i]), string(rune(0xE000+i)) // of the private use area: no text has it
		args[name] = mark
		value := s.written(pairs[i+1])
		marks = append(marks, mark, `<b data-value="`+html.EscapeString(name)+`"><bdi>`+html.EscapeString(value)+`</bdi></b>`)
	}
	return template.HTML(strings.NewReplacer(marks...).Replace(html.EscapeString(s.localized(key, args, nil)))) //nolint:gosec // escaped above
}

// written is a value as people read it.
func (s *localizer) written(value any) string {
	if n, isNumber := value.(int); isNumber {
		return s.Number(n)
	}
	return fmt.Sprint(value)
}

// amounts are the values of messages that are written as amounts; others with digits in them are names, such as ports,
// or what somebody is asked to type.
var amounts = map[string]bool{"Count": true, "Linked": true, "Limit": true, "Quota": true, "Seconds": true}

// Say is a message's sentence.
func (s *localizer) Say(m account.Message) string {
	if m.IsZero() {
		return ""
	}
	args := make(map[string]any, len(m.Args))
	for name, value := range m.Args {
		args[name] = value
		if n, err := strconv.Atoi(value); err == nil && amounts[name] {
			args[name] = n
		}
	}
	return s.text(m.Key, args)
}

// text fills in the values: numbers as the language writes them, and others, where it is written from right to left,
// kept apart from their surroundings (Unicode's isolates).
func (s *localizer) text(key string, args map[string]any) string {
	count := args["Count"]
	if _, isNumber := count.(int); !isNumber {
		count = nil
	}
	for name, value := range args {
		text := s.written(value)
		if s.Direction() == "rtl" {
			text = "\u2068" + text + "\u2069"
		}
		args[name] = text
	}
	return s.localized(key, args, count)
}

func (s *localizer) localized(key string, args map[string]any, count any) string {
	text, err := s.localizer.Localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: args, PluralCount: count})
	if err != nil && text == "" {
		return key
	}
	return text
}

// Number writes a number as the language does.
func (s *localizer) Number(n int) string { return s.printer.Sprint(n) }

// Duration writes how long something took.
func (s *localizer) Duration(d time.Duration) string {
	switch {
	case d < time.Second:
		return s.T("duration_below_second")
	case d < time.Minute:
		return s.T("duration_seconds", "Seconds", s.printer.Sprintf("%.1f", d.Seconds()))
	}
	return s.T("duration_minutes", "Minutes", s.Number(int(d.Minutes())), "Seconds", s.Number(int(d.Seconds())%60))
}

// Language is the tag for the page.
func (s *localizer) Language() string { return s.tag.String() }

// Direction is "rtl" for languages written from right to left.
func (s *localizer) Direction() string {
	script, _ := s.tag.Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm":
		return "rtl"
	}
	return "ltr"
}
