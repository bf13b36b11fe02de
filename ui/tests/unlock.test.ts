import { flushSync, mount, unmount } from "svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import { problem, type LockState } from "../src/backend/backend";
import UnlockView from "../src/views/UnlockView.svelte";

let view: Record<string, unknown> | null = null;
afterEach(() => {
  if (view) void unmount(view);
  view = null;
  document.body.innerHTML = "";
});

function show(state: Partial<LockState>, unlock = vi.fn(async () => {})) {
  const unlocked = vi.fn(async () => {});
  const lock = { state: vi.fn(), unlock };
  const lockState: LockState = { state: "locked", configured: null, problem: null, ...state };
  view = mount(UnlockView, { target: document.body, props: { lock, state: lockState, unlocked } });
  flushSync();
  const at = <T extends HTMLElement>(id: string) => document.querySelector<T>(`[data-testid=${id}]`)!;
  const fill = (id: string, value: string) => {
    const input = at<HTMLInputElement>(id);
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    flushSync();
  };
  const submit = async () => {
    document.querySelector("form")!.dispatchEvent(new SubmitEvent("submit", { bubbles: true, cancelable: true }));
    await new Promise((resolve) => setTimeout(resolve, 0));
    flushSync();
  };
  return { at, fill, submit, unlock, unlocked, text: () => document.body.textContent ?? "" };
}

const good = "granite lichen ferry window";

describe("the first use without a keychain", () => {
  it("explains, and takes a strong passphrase that was typed twice", async () => {
    const { at, fill, submit, unlock, unlocked, text } = show({});
    expect(text()).toMatch(/encrypts everything/);
    expect(text()).toMatch(/Nobody can recover it/);
    expect(at<HTMLButtonElement>("unlock-submit").disabled).toBe(true);
    fill("unlock-passphrase", good);
    fill("unlock-repeat", "granite lichen ferry windo");
    expect(at<HTMLButtonElement>("unlock-submit").disabled).toBe(true);
    fill("unlock-repeat", good);
    await submit();
    expect(unlock).toHaveBeenCalledWith("passphrase", good);
    expect(unlocked).toHaveBeenCalled();
  });

  it("does not take a weak one", async () => {
    const { fill, submit, unlock } = show({});
    fill("unlock-passphrase", "short");
    fill("unlock-repeat", "short");
    await submit();
    expect(unlock).not.toHaveBeenCalled();
  });

  it("takes a key file when that is chosen", async () => {
    const { at, submit, unlock } = show({});
    at<HTMLInputElement>("unlock-key-file").click();
    flushSync();
    await submit();
    expect(unlock).toHaveBeenCalledWith("keyFile", null);
  });
});

describe("later", () => {
  it("asks for the passphrase once, whatever its strength, and says what was wrong", async () => {
    const unlock = vi.fn(async () => {
      throw problem("wrong-key", "This passphrase does not open the data.", "Check it and try again.");
    });
    const { fill, submit, unlocked, text } = show({ configured: "passphrase" }, unlock);
    fill("unlock-passphrase", "short");
    await submit();
    expect(unlock).toHaveBeenCalledWith("passphrase", "short");
    expect(text()).toContain("This passphrase does not open the data.");
    expect(unlocked).not.toHaveBeenCalled();
  });

  it("tries the keychain again", async () => {
    const { submit, unlock } = show({ configured: "keychain" });
    await submit();
    expect(unlock).toHaveBeenCalledWith("keychain", null);
  });
});
