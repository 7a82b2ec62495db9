package redbag;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.hl7.fhir.r4.formats.JsonParser;
import org.hl7.fhir.r4.formats.XmlParser;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.MetadataResource;
import org.hl7.fhir.r4.model.Resource;
import org.hl7.fhir.utilities.npm.NpmPackage;

/**
 * Makes a FHIR package cache without any network: writes the R4 4.0.1 definitions, which a jar on the class path
 * carries as XML bundles, as the package "hl7.fhir.r4.core#4.0.1" into a folder of the layout that the HL7 tools use
 * (&lt;home&gt;/.fhir/packages/&lt;id&gt;#&lt;version&gt;/package/*.json). Done once; later starts find it ready.
 */
final class CorePackage {

  private static final String MADE = "made locally, not the published package";
  private static final String ROOT = "/org/hl7/fhir/r4/model/";

  /** Order matters: where two bundles hold the same canonical URL, the first one wins. */
  private static final List<String> SOURCES = List.of(
      "profile/profiles-types.xml", "profile/profiles-resources.xml", "profile/profiles-others.xml",
      "extension/extension-definitions.xml", "valueset/valuesets.xml", "valueset/v3-codesystems.xml",
      "valueset/v2-tables.xml", "sp/search-parameters.json");

  private CorePackage() { }

  /** Makes the cache under home ready, with the given package files (.tgz) in it; returns their ids, "id#version". */
  static List<String> ensure(Path home, List<String> packageFiles) throws IOException {
    Path packages = home.resolve(".fhir").resolve("packages");
    Files.createDirectories(packages);
    Path ini = packages.resolve("packages.ini");
    if (!Files.exists(ini)) {
      Files.writeString(ini, "[cache]\nversion = 4\n"); // otherwise the engine treats the folder as an old cache and empties it
    }
    install(packages, "hl7.fhir.r4.core", "4.0.1", CorePackage::writeCore);
    List<String> given = new ArrayList<>();
    for (String f : packageFiles) {
      given.add(unpack(packages, Path.of(f)));
    }
    // The engine always asks for this one (definitions of extensions that carry elements of other FHIR versions).
    install(packages, "hl7.fhir.xver-extensions", "0.1.0", dir ->
        writePackageJson(dir, "hl7.fhir.xver-extensions", "0.1.0", "IG", "http://hl7.org/fhir/extensions"));
    return given;
  }

  private static String unpack(Path packages, Path file) throws IOException {
    Path temp = Files.createTempDirectory(packages.getParent(), "making-");
    NpmPackage npm;
    try (InputStream in = Files.newInputStream(file)) {
      npm = NpmPackage.extractFromTgz(in, file.toString(), temp.toString(), false);
    }
    String id = npm.name() + "#" + npm.version();
    Path target = packages.resolve(id);
    Path description = target.resolve("package").resolve("package.json");
    if (Files.exists(description) && Files.readString(description).contains(MADE)) {
      delete(target); // our empty stand-in gives way to the real package
    }
    if (Files.exists(target)) {
      delete(temp);
    } else {
      Files.move(temp, target, StandardCopyOption.ATOMIC_MOVE);
    }
    return id;
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path p : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(p);
      }
    }
  }

  private interface Filler { void fill(Path dir) throws IOException; }

  private static void install(Path packages, String id, String version, Filler filler) throws IOException {
    Path target = packages.resolve(id + "#" + version);
    if (Files.exists(target)) {
      return;
    }
    Path temp = Files.createTempDirectory(packages.getParent(), "making-");
    Path dir = Files.createDirectories(temp.resolve("package"));
    filler.fill(dir);
    try {
      Files.move(temp, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException raced) { // another process was quicker
      delete(temp);
      if (!Files.exists(target)) {
        throw raced;
      }
    }
  }

  private static void writeCore(Path dir) throws IOException {
    Map<String, String> seen = new HashMap<>();
    for (String source : SOURCES) {
      try (InputStream in = CorePackage.class.getResourceAsStream(ROOT + source)) {
        if (in == null) {
          throw new IOException("missing on the class path: " + ROOT + source);
        }
        Resource parsed = source.endsWith(".xml") ? new XmlParser().parse(in) : new JsonParser().parse(in);
        for (Bundle.BundleEntryComponent entry : ((Bundle) parsed).getEntry()) {
          Resource r = entry.getResource();
          String key = r instanceof MetadataResource m && m.hasUrl()
              ? r.fhirType() + " " + m.getUrl() : r.fhirType() + "/" + r.getIdElement().getIdPart();
          if (seen.putIfAbsent(key, source) != null) {
            continue;
          }
          Path file = dir.resolve(r.fhirType() + "-" + r.getIdElement().getIdPart() + ".json");
          for (int n = 2; Files.exists(file); n++) {
            file = dir.resolve(r.fhirType() + "-" + r.getIdElement().getIdPart() + "-" + n + ".json");
          }
          try (OutputStream out = Files.newOutputStream(file)) {
            new JsonParser().compose(out, r);
          }
        }
      }
    }
    writePackageJson(dir, "hl7.fhir.r4.core", "4.0.1", "Core", "http://hl7.org/fhir");
  }

  static void writePackageJson(Path dir, String id, String version, String type, String canonical) throws IOException {
    String json = "{\"name\":\"" + id + "\",\"version\":\"" + version + "\",\"tools-version\":3,\"type\":\"" + type
        + "\",\"canonical\":\"" + canonical + "\",\"url\":\"" + canonical + "\",\"fhirVersions\":[\"4.0.1\"],"
        + "\"description\":\"" + MADE + "\",\"author\":\"local\",\"dependencies\":{"
        + ("Core".equals(type) ? "" : "\"hl7.fhir.r4.core\":\"4.0.1\"") + "}}";
    Files.write(dir.resolve("package.json"), json.getBytes(StandardCharsets.UTF_8));
  }
}
