import java.io.FileReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;

/** Reads the files that are its arguments as java.util.Properties does with a reader for UTF-8. Prints for each 'ok' or 'refused', and all names and values, each
 * with a byte 1 behind it; a zero byte is behind both. */
public class Judge {
    public static void main(String[] files) throws Exception {
        PrintStream out = new PrintStream(System.out, false, "UTF-8");
        for (String file : files) {
            Properties properties = new Properties();
            try (FileReader in = new FileReader(file, StandardCharsets.UTF_8)) {
                properties.load(in);
            } catch (IllegalArgumentException error) {
                out.print("refused\0\0");
                continue;
            }
            out.print("ok\0");
            for (Map.Entry<Object, Object> entry : properties.entrySet()) {
                out.print(entry.getKey() + "\1" + entry.getValue() + "\1");
            }
            out.print("\0");
        }
        out.flush();
    }
}
