//! presence: whether others see where one is.

use crate::device::Device;

#[test]
fn one_is_shown_until_one_hides() {
    let device = Device::new();
    assert_eq!(device.json(["presence"])["shown"], true);
    assert_eq!(device.json(["presence", "hide"])["shown"], false);
    assert_eq!(device.json(["presence"])["shown"], false);
    assert!(device.ok(["presence"]).contains("do not see where you are"));
    assert!(device.ok(["presence", "show"]).contains("see where you are"));
    device.fails(2, ["presence", "vanish"]);
}
