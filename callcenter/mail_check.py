"""Whether mail can leave: opens the SMTP connection and logs in, or sends one message to try."""

from __future__ import annotations

import smtplib
import socket
import ssl

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

SECONDS = 5
"""Time-out of the connection; a mail server that needs longer would hold up the minute job as well."""
SMTP = "django.core.mail.backends.smtp.EmailBackend"


class MailTrouble(Exception):
    """Raised where mail cannot leave: what is wrong, and the next step, in words without log-in or address."""

    def __init__(self, sentence: str, step: str) -> None:
        super().__init__(sentence)
        self.sentence, self.step = sentence, step


def uses_smtp() -> bool:
    """Return whether mail leaves by SMTP; in development it is printed."""
    return bool(settings.EMAIL_BACKEND == SMTP)


def connect() -> None:
    """Open the connection to the mail server and log in; raises MailTrouble."""
    connection = get_connection(timeout=SECONDS)
    try:
        connection.open()
    except Exception as error:
        raise _trouble(error) from None
    finally:
        connection.close()


def send_one(address: str) -> None:
    """Send a test message; raises MailTrouble."""
    text = "This message shows that Callcenter can send mail. Nothing needs to be done."
    connection = get_connection(timeout=SECONDS)
    message = EmailMessage("Callcenter: test message", text, None, [address], connection=connection)
    try:
        message.send()
    except Exception as error:
        raise _trouble(error) from None


def _trouble(error: Exception) -> MailTrouble:
    # The error's own text is not shown: servers repeat log-ins and addresses in it.
    where = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    address = "Is EMAIL_URL its address (host and port), and is it running?"
    if isinstance(error, socket.gaierror):
        return MailTrouble(f"the name of the mail server {where} cannot be resolved.", address)
    # A time-out in mid-conversation reaches us as a lost connection.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return MailTrouble(f"the mail server {where} does not answer within {SECONDS} s.", address)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return MailTrouble(f"the mail server {where} refuses our log-in.", "Put user and password of EMAIL_URL right.")
    if isinstance(error, ssl.SSLError):
        step = "smtp+tls:// begins TLS after connecting (port 587), smtp+ssl:// at once (port 465)."
        return MailTrouble(f"no TLS with the mail server {where} ({type(error).__name__}).", step)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return MailTrouble(f"the mail server {where} does not take mail to this address.", "Try another address.")
    if isinstance(error, smtplib.SMTPSenderRefused):
        return MailTrouble(f"the mail server {where} does not take our sender.", "Put DEFAULT_FROM_EMAIL right.")
    if isinstance(error, smtplib.SMTPException):
        step = "Look at its log, and at user, password and scheme of EMAIL_URL."
        return MailTrouble(f"the mail server {where} refuses ({type(error).__name__}).", step)
    return MailTrouble(f"the mail server {where} cannot be reached ({type(error).__name__}).", address)
