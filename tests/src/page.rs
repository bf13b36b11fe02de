//! A page behind a WebDriver session: found by test ids, used with real key
//! events, awaited by polling.

use std::time::{Duration, Instant};

use fantoccini::actions::{KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::NewSessionError;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

pub use fantoccini::actions::{InputSource, MouseActions, PointerAction};
pub use fantoccini::key::Key;

/// How long anything may take on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A page of the interface.
pub struct Page(Client);

/// The selector of a test id.
pub fn id(name: &str) -> String {
    format!("[data-testid={name}]")
}

/// The selector of something in a section, by the section's path.
pub fn in_section(path: &str, name: &str) -> String {
    format!("[data-path='{path}'] [data-testid={name}]")
}

impl Page {
    /// Opens a session with a driver that listens on a port of this machine.
    pub async fn connect(port: u16, capabilities: Value) -> Page {
        let Value::Object(capabilities) = capabilities else { panic!("capabilities are an object") };
        let capabilities: Capabilities = capabilities.into_iter().collect();
        let address = format!("http://127.0.0.1:{port}");
        let started = Instant::now();
        loop {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            match builder.capabilities(capabilities.clone()).connect(&address).await {
                Ok(client) => return Page(client),
                // Until the driver listens.
                Err(NewSessionError::Failed(_) | NewSessionError::FailedC(_) | NewSessionError::Lost(_))
                    if started.elapsed() < PATIENCE =>
                {
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => panic!("the driver opens no session: {error}"),
            }
        }
    }

    /// The session, for what has no method here.
    pub fn client(&self) -> &Client {
        &self.0
    }

    /// Runs JavaScript in the page: a function body with `arguments`.
    pub async fn run(&self, script: &str, args: Vec<Value>) -> Value {
        self.0.execute(script, args).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until a JavaScript expression is true.
    pub async fn until(&self, what: &str, expression: &str, args: Vec<Value>) {
        let script = format!("return !!({expression})");
        let started = Instant::now();
        let mut last = None;
        while started.elapsed() < PATIENCE {
            match self.0.execute(&script, args.clone()).await {
                Ok(Value::Bool(true)) => return,
                Ok(_) => last = None,
                // While a page is being loaned out for another there is none.
                Err(error) => last = Some(error),
            }
            tokio::time::sleep(PAUSE).await;
        }
        panic!("waited in vain for {what} ({last:?}); the page shows:\n{}", self.shown().await);
    }

    /// What the page shows, for failures.
    async fn shown(&self) -> String {
        let text = self.0.execute("return document.body.innerText", vec![]).await;
        text.map_or_else(|error| error.to_string(), |text| text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until there is such an element, and returns it.
    pub async fn find(&self, selector: &str) -> Element {
        self.until(selector, "document.querySelector(arguments[0])", vec![json!(selector)]).await;
        self.0.find(Locator::Css(selector)).await.unwrap()
    }

    /// Waits until there is no such element.
    pub async fn gone(&self, selector: &str) {
        let what = format!("the end of {selector}");
        self.until(&what, "!document.querySelector(arguments[0])", vec![json!(selector)]).await;
    }

    /// Waits until one such element holds this text.
    pub async fn reads(&self, selector: &str, text: &str) {
        let any = "[...document.querySelectorAll(arguments[0])].some((e) => e.textContent.includes(arguments[1]))";
        self.until(&format!("“{text}” in {selector}"), any, vec![json!(selector), json!(text)]).await;
    }

    /// The text of the first such element, as the document holds it.
    pub async fn text(&self, selector: &str) -> String {
        self.find(selector).await;
        let text = self.run("return document.querySelector(arguments[0]).textContent", vec![json!(selector)]).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks as a person does; waits until it can be clicked.
    pub async fn click(&self, selector: &str) {
        let enabled = format!("{selector}:not(:disabled)");
        self.find(&enabled).await;
        let started = Instant::now();
        loop {
            let element = self.find(&enabled).await;
            match element.click().await {
                Ok(()) => return,
                // Something that moves or is drawn anew takes a moment.
                Err(error) if started.elapsed() > PATIENCE => panic!("{selector} cannot be clicked: {error}"),
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    /// Presses and lets go of the keys of a text, one after the other.
    pub async fn type_text(&self, text: &str) {
        let actions = text.chars().fold(KeyActions::new("keyboard".into()), |actions, value| {
            actions.then(KeyAction::Down { value }).then(KeyAction::Up { value })
        });
        self.0.perform_actions(actions).await.unwrap();
    }

    /// Presses one key.
    pub async fn press(&self, key: Key) {
        self.chord(&[], key.into()).await;
    }

    /// Presses a key while others are held.
    pub async fn chord(&self, held: &[Key], key: char) {
        let held: Vec<char> = held.iter().map(|key| (*key).into()).collect();
        let mut actions = KeyActions::new("keyboard".into());
        for value in &held {
            actions = actions.then(KeyAction::Down { value: *value });
        }
        actions = actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        for value in held.iter().rev() {
            actions = actions.then(KeyAction::Up { value: *value });
        }
        self.0.perform_actions(actions).await.unwrap();
    }

    /// Writes into a field, in place of what stands there.
    pub async fn fill(&self, selector: &str, text: &str) {
        let field = self.find(selector).await;
        field.click().await.unwrap();
        self.run("document.querySelector(arguments[0]).select()", vec![json!(selector)]).await;
        self.type_text(text).await;
        self.until(
            selector,
            "document.querySelector(arguments[0]).value === arguments[1]",
            vec![json!(selector), json!(text)],
        )
        .await;
    }

    /// Waits until a new page has been drawn: its library, a document, or the lock.
    pub async fn started(&self) {
        self.until("the interface", "document.querySelector('[data-testid=app-root], [data-testid=unlock]')", vec![])
            .await;
        self.run("document.fonts.ready", vec![]).await;
    }

    /// Creates a document in the library and waits until it is open.
    pub async fn create(&self, title: &str) {
        self.click(&id("new-document")).await;
        self.find(&id("template-full")).await;
        self.fill(&id("new-document-title"), title).await;
        self.click(&id("new-document-create")).await;
        self.reads(&id("document-title"), title).await;
        self.find(&id("section")).await;
    }

    /// Opens a document of the library.
    pub async fn open(&self, title: &str) {
        self.reads(&id("document-row"), title).await;
        let row = "[...document.querySelectorAll('[data-testid=document-row] a')].find((a) => a.textContent.includes(arguments[0])).click()";
        self.run(row, vec![json!(title)]).await;
        self.reads(&id("document-title"), title).await;
        self.find(&id("section")).await;
    }

    /// Puts the caret at the end of a section's text, ready to type.
    pub async fn write_in(&self, path: &str) {
        let (body, editor) = (in_section(path, "section-body"), in_section(path, "editor"));
        self.find(&format!("{body}, {editor}")).await;
        let focus = "const body = document.querySelector(arguments[0]); \
             const place = body ?? document.querySelector(`${arguments[1]} .cm-content`); \
             place.scrollIntoView({ block: 'center' }); place.focus(); return body !== null;";
        if self.run(focus, vec![json!(body), json!(editor)]).await == Value::Bool(true) {
            self.press(Key::Enter).await;
        }
        self.find(&format!("{editor} .cm-content:focus")).await;
    }

    /// Sets the workspace's relay in the sharing panel and makes an invitation;
    /// returns its link.
    pub async fn invite(&self, relay: &str) -> String {
        self.click(&id("sync-indicator")).await;
        self.find(&id("sync-panel")).await;
        self.fill(&id("relay-url"), relay).await;
        self.click(&id("relay-save")).await;
        // The first invitation asks for the name that the others will see.
        self.fill(&id("invite-name"), "Ada").await;
        self.click(&id("invite-create")).await;
        let link = self.find(&id("invite-link")).await.prop("value").await.unwrap().unwrap();
        self.press(Key::Escape).await;
        self.gone(&id("sync-panel")).await;
        link
    }

    /// Joins a workspace through the dialog.
    pub async fn join(&self, link: &str, name: &str) {
        self.action("Join a workspace").await;
        self.fill(&id("join-link"), link).await;
        self.click(&id("join-inspect")).await;
        self.fill(&id("join-name"), name).await;
        self.click(&id("join-confirm")).await;
        self.gone(&id("join-link")).await;
    }

    /// Shows another workspace's documents.
    pub async fn switch_workspace(&self, name: &str) {
        self.click(&id("workspace-switch")).await;
        let item =
            "[...document.querySelectorAll('[role^=menuitem]')].find((e) => e.textContent.includes(arguments[0]))";
        self.until(&format!("{name} in the menu"), item, vec![json!(name)]).await;
        self.run(&format!("{item}.click()"), vec![json!(name)]).await;
        let label = "document.querySelector(arguments[0])?.getAttribute('aria-label').includes(arguments[1])";
        self.until(&format!("{name} to be shown"), label, vec![json!(id("workspace-switch")), json!(name)]).await;
    }

    /// Runs an action by its words in the palette.
    pub async fn action(&self, words: &str) {
        self.chord(&[Key::Control], 'k').await;
        self.find(&format!("{}:focus", id("palette-input"))).await;
        self.type_text(words).await;
        self.find("[role=option][aria-selected=true]").await;
        self.press(Key::Enter).await;
        self.gone(&id("palette")).await;
    }

    /// Waits until everything typed is durable on this device.
    pub async fn saved(&self) {
        self.find("[data-testid=save-state][data-saving=false]").await;
    }

    /// The text of the open editor before the caret.
    pub async fn before_caret(&self) -> String {
        let script = "const selection = getSelection(); const range = document.createRange(); \
             range.setStart(document.querySelector('.cm-content'), 0); \
             range.setEnd(selection.focusNode, selection.focusOffset); \
             return selection.isCollapsed ? range.toString() : null;";
        self.run(script, vec![]).await.as_str().unwrap_or("(a selection instead of a caret)").to_owned()
    }

    /// A picture of what is seen.
    pub async fn picture(&self) -> Vec<u8> {
        self.0.screenshot().await.unwrap()
    }
}
