package redbag;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;

/** server.properties, each key overridable by -Dkey=value. */
final class Settings {
    private final Properties values = new Properties();

    static Settings load() throws IOException {
        Settings s = new Settings();
        try (InputStream in = Settings.class.getResourceAsStream("/server.properties")) {
            s.values.load(in);
        }
        for (String key : s.values.stringPropertyNames()) {
            s.values.setProperty(key, System.getProperty(key, s.values.getProperty(key)));
        }
        return s;
    }

    String text(String key) {
        String v = values.getProperty(key);
        if (v == null) {
            throw new IllegalArgumentException("no setting " + key);
        }
        return v.trim();
    }

    int integer(String key) {
        return Integer.parseInt(text(key));
    }

    boolean flag(String key) {
        return Boolean.parseBoolean(text(key));
    }
}
