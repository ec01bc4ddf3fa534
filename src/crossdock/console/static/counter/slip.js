// The slip's two buttons. Printing begins by a tap: a page that prints by itself cannot be looked at.

document.getElementById("print").addEventListener("click", () => print());
