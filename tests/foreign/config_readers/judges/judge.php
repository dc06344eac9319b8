<?php
// Reads texts as PHP's readers do. Takes {"reader", "texts"} as JSON, and gives for each text its values with their paths, or null.
error_reporting(0);
$asked = json_decode(file_get_contents('php://stdin'), true);
if ($asked['reader'] === 'dotenv') {
    require '/usr/share/php/Dotenv/autoload.php';
}

function read(string $reader, string $text): ?array
{
    $all = [];
    if ($reader === 'dotenv') {
        try {
            foreach (Dotenv\Dotenv::parse($text) as $name => $value) {
                $all[] = [[0, (string) $name], $value ?? ''];
            }
            return $all;
        } catch (Throwable) {
            return null;
        }
    }
    $values = parse_ini_string($text, true);
    if ($values === false) {
        return null;
    }
    foreach ($values as $name => $value) {
        foreach (is_array($value) ? $value : [] as $inner => $one) {
            $all[] = [[0, (string) $name, (string) $inner], $one];
        }
        if (!is_array($value)) {
            $all[] = [[0, (string) $name], $value];
        }
    }
    return $all;
}

echo json_encode(array_map(fn ($text) => read($asked['reader'], $text), $asked['texts']));
