package main

import (
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
)

// errNoText answers a request with a value that no page of this panel can have sent.
var errNoText = fiber.NewError(fiber.StatusBadRequest, "This request has characters in it that are not text. Go back and type them again.")

// errNoPage answers a request for a page number that no list has.
var errNoPage = fiber.NewError(fiber.StatusBadRequest, "There is no page with this number. Go back to the first page of the list.")

// isText reports whether a database can keep and compare the text: it is UTF-8 without a NUL, which PostgreSQL refuses.
func isText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// formText returns a copy of a form's field, as Fiber uses the memory of a request again. It fails with errNoText.
func formText(c *fiber.Ctx, name string) (string, error) { return copyText(c.FormValue(name)) }

// queryText returns a copy of a query parameter. It fails with errNoText.
func queryText(c *fiber.Ctx, name string) (string, error) { return copyText(c.Query(name)) }

func copyText(text string) (string, error) {
	if !isText(text) {
		return "", errNoText
	}
	return strings.Clone(text), nil
}

// largestPage is the last page of a list that may be asked for; it keeps the row numbers in the databases' range.
const largestPage = 1_000_000

// pageNumber returns the query parameter "page"; 1 where there is none. It fails with errNoPage.
func pageNumber(c *fiber.Ctx) (int, error) {
	text := c.Query("page")
	if text == "" {
		return 1, nil
	}
	page, err := strconv.Atoi(text)
	if err != nil || page < 1 || page > largestPage {
		return 0, errNoPage
	}
	return page, nil
}

// addressParameter returns the mail address in the path. It fails with fiber.ErrNotFound: nothing has such an address.
func addressParameter(c *fiber.Ctx) (string, error) {
	address, err := url.PathUnescape(c.Params("address"))
	if err != nil || !isText(address) {
		return "", fiber.ErrNotFound
	}
	return strings.Clone(address), nil
}
