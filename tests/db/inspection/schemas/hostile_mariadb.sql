CREATE TABLE `x", evil(), "` (
    id INTEGER PRIMARY KEY AUTO_INCREMENT,
    `x', evil(), '` VARCHAR(20) NOT NULL DEFAULT 'x", evil(), "',
    kinds SET('x") + evil() + ("', 'b')
);
