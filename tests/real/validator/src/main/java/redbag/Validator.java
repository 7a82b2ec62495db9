package redbag;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.hl7.fhir.r5.elementmodel.Element;
import org.hl7.fhir.r5.elementmodel.Manager.FhirFormat;
import org.hl7.fhir.r5.model.ElementDefinition;
import org.hl7.fhir.r5.model.StructureDefinition;
import org.hl7.fhir.r5.utils.validation.IMessagingServices;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.r5.utils.validation.constants.ReferenceValidationPolicy;
import org.hl7.fhir.utilities.FhirPublication;
import org.hl7.fhir.utilities.VersionUtil;
import org.hl7.fhir.utilities.http.ManagedWebAccess;
import org.hl7.fhir.utilities.validation.ValidationMessage;
import org.hl7.fhir.utilities.validation.ValidationMessage.IssueSeverity;
import org.hl7.fhir.validation.ValidationEngine;
import org.hl7.fhir.validation.ValidatorUtils;
import org.hl7.fhir.validation.instance.InstanceValidator;
import org.hl7.fhir.validation.instance.advisor.BasePolicyAdvisorForFullValidation;
import org.hl7.fhir.validation.service.StandAloneValidatorFetcher;
import org.hl7.fhir.validation.service.model.InstanceValidatorParameters;

/**
 * HL7's own FHIR validator, offline, for FHIR R4 4.0.1 and one package of UK Core definitions, as a server on the loopback.
 *
 * <pre>Validator HOME PACKAGE.tgz</pre>
 *
 * HOME is where the made R4 package is kept. Takes a free port and prints "READY url" when it answers. POST a resource or bundle
 * (JSON, or XML where the first byte is &lt;) and get a JSON array of what is wrong: {severity, location, messageId, message}. GET
 * tells what it is: {engine, definitions}. One request at a time: two that run at once can take each other's messages away. Ends when
 * its standard input ends, so that it cannot outlive the test run that started it.
 *
 * <p>Stricter than the engine alone: every resource is also held against the UK Core profile of its type, whatever it claims (with
 * ?profile=URL against that one instead, where it is of that type); an unknown claimed profile, a urn: reference to nothing in the
 * bundle, and a wrong UCUM unit are errors.
 */
public final class Validator {

  private static final String UKCORE = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-";
  private static final Pattern UCUM_UNCHECKED =
      Pattern.compile("Unable to validate code '(.*)' in system 'http://unitsofmeasure.org'.*");
  private static final Set<String> RAISED = Set.of("VALIDATION_VAL_PROFILE_UNKNOWN_ERROR",
      "VALIDATION_VAL_PROFILE_UNKNOWN_ERROR_NETWORK", "VALIDATION_VAL_PROFILE_UNKNOWN_NOT_POLICY",
      "Validation_VAL_Profile_Unknown", "Bundle_BUNDLE_Not_Local");
  private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

  private final ValidationEngine engine;
  private final List<String> packages;

  public static void main(String[] args) throws Exception {
    PrintStream out = System.out;
    System.setOut(System.err); // the engine may print; standard output carries only READY
    int port = new Validator(Path.of(args[0]).toAbsolutePath(), args[1]).serve();
    out.println("READY http://127.0.0.1:" + port + "/");
    out.flush();
    while (System.in.read() >= 0) { } // until whoever started us is gone
    System.exit(0);
  }

  private Validator(Path home, String packageFile) throws Exception {
    System.setProperty("user.home", home.toString()); // the engine looks for <user.home>/.fhir
    packages = CorePackage.ensure(home, List.of(packageFile));
    ManagedWebAccess.setAccessPolicy(ManagedWebAccess.WebAccessPolicy.PROHIBITED);
    engine = new ValidationEngine.ValidationEngineBuilder()
        .withVersion("4.0.1").withNoTerminologyServer().fromSource("hl7.fhir.r4.core#4.0.1");
    engine.setTerminologyServer(null, null, FhirPublication.R4, false); // what "-tx n/a" does
    // Without this the engine's answers depend on what it saw before: a cached "unknown code system" makes later codes
    // that carry no system (MIME types) errors.
    engine.getContext().setCachingAllowed(false);
    for (String id : packages) { // without their dependencies: those would have to come from the network
      engine.getContext().loadFromPackage(engine.getPcm().loadPackage(id), ValidatorUtils.loaderForVersion("4.0.1"), false);
    }
    StandAloneValidatorFetcher fetcher = new StandAloneValidatorFetcher(engine.getPcm(), engine.getContext(), engine);
    engine.setFetcher(fetcher);
    engine.getContext().setLocator(fetcher);
    engine.setPolicyAdvisor(fetcher);
    engine.prepare();
  }

  /** Everything as in the stand-alone validator, plus the UK Core profile of each resource's type, also inside bundles. */
  private final class Advisor extends BasePolicyAdvisorForFullValidation {

    private final List<StructureDefinition> named;

    Advisor(List<StructureDefinition> named) {
      super(ReferenceValidationPolicy.IGNORE, Set.of());
      this.named = named;
    }

    @Override
    public List<StructureDefinition> getImpliedProfilesForResource(IResourceValidator validator, Object appContext,
        String stackPath, ElementDefinition definition, StructureDefinition structure, Element resource, boolean valid,
        IMessagingServices msgServices, List<ValidationMessage> messages) {
      Set<StructureDefinition> result = new LinkedHashSet<>(super.getImpliedProfilesForResource(validator, appContext,
          stackPath, definition, structure, resource, valid, msgServices, messages));
      List<StructureDefinition> fitting = named.stream().filter(sd -> sd.getType().equals(resource.fhirType())).toList();
      result.addAll(!fitting.isEmpty() ? fitting : profile(UKCORE + resource.fhirType()).toList());
      return new ArrayList<>(result);
    }
  }

  private Stream<StructureDefinition> profile(String url) {
    return Stream.ofNullable(engine.getContext().fetchResource(StructureDefinition.class, url));
  }

  private List<Map<String, String>> check(byte[] content, List<String> profiles) {
    List<ValidationMessage> messages = new ArrayList<>();
    FhirFormat format = content.length > 0 && content[0] == '<' ? FhirFormat.XML : FhirFormat.JSON;
    try {
      InstanceValidatorParameters parameters = new InstanceValidatorParameters();
      parameters.setAssumeValidRestReferences(true); // believe the type in "Patient/1", and check it
      InstanceValidator validator = engine.getValidator(format, parameters);
      validator.setPolicyAdvisor(new Advisor(profiles.stream().flatMap(this::profile).toList()));
      validator.validate(null, messages, new ByteArrayInputStream(content), format, List.of());
    } catch (Exception | Error e) {
      messages.add(new ValidationMessage(ValidationMessage.Source.InstanceValidator, ValidationMessage.IssueType.EXCEPTION,
          "(whole file)", e.getClass().getSimpleName() + ": " + e.getMessage(), IssueSeverity.FATAL));
    }
    Set<Map<String, String>> distinct = new LinkedHashSet<>();
    for (ValidationMessage m : messages) {
      checkUnit(m);
      if (m.getMessageId() != null && RAISED.contains(m.getMessageId())) {
        m.setLevel(IssueSeverity.ERROR);
      }
      Map<String, String> row = new LinkedHashMap<>();
      row.put("severity", m.getLevel().toCode());
      row.put("location", m.getLocation());
      row.put("messageId", m.getMessageId());
      row.put("message", m.getMessage());
      distinct.add(row);
    }
    return new ArrayList<>(distinct);
  }

  /** Without a terminology server the engine leaves UCUM codes unchecked, although it carries the UCUM library. */
  private void checkUnit(ValidationMessage m) {
    Matcher unit = UCUM_UNCHECKED.matcher(m.getMessage());
    if (unit.matches()) {
      String problem = engine.getContext().getUcumService().validate(unit.group(1));
      m.setLevel(problem == null ? IssueSeverity.INFORMATION : IssueSeverity.ERROR);
      m.setMessageId(problem == null ? "UCUM_CHECKED_LOCALLY" : "UCUM_INVALID");
    }
  }

  private int serve() throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
    server.createContext("/", this::handle);
    server.start();
    return server.getAddress().getPort();
  }

  private static List<String> profiles(String query) {
    return Stream.ofNullable(query).flatMap(q -> Stream.of(q.split("&"))).filter(pair -> pair.startsWith("profile="))
        .map(pair -> URLDecoder.decode(pair.substring("profile=".length()), StandardCharsets.UTF_8)).toList();
  }

  private void handle(HttpExchange x) throws IOException {
    try (x) {
      Object said = x.getRequestMethod().equals("GET")
          ? Map.of("engine", VersionUtil.getVersion(), "definitions", packages)
          : check(x.getRequestBody().readAllBytes(), profiles(x.getRequestURI().getRawQuery()));
      byte[] answer = GSON.toJson(said).getBytes(StandardCharsets.UTF_8);
      x.getResponseHeaders().set("Content-Type", "application/json; charset=utf-8");
      x.sendResponseHeaders(200, answer.length);
      try (OutputStream o = x.getResponseBody()) {
        o.write(answer);
      }
    } catch (RuntimeException e) {
      e.printStackTrace(); // into the log; the caller sees the connection end
    }
  }
}
