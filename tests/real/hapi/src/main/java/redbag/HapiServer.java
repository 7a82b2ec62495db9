package redbag;

import ca.uhn.fhir.rest.server.RestfulServer;
import java.io.File;
import java.nio.file.Files;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * A HAPI FHIR R4 JPA server on a free port of the loopback, data in memory; prints "READY url" when it answers.
 * Ends when its standard input ends, so that it cannot outlive the test run that started it.
 */
public final class HapiServer {

    public static void main(String[] args) {
        try {
            serve();
        } catch (Throwable failure) {
            failure.printStackTrace();
            System.exit(1);
        }
    }

    private static void serve() throws Exception {
        long begin = System.nanoTime();
        Settings settings = Settings.load();
        AnnotationConfigApplicationContext spring = new AnnotationConfigApplicationContext();
        spring.registerBean(Settings.class, () -> settings);
        spring.register(ServerConfig.class);
        spring.refresh();

        File base = Files.createTempDirectory("hapi-tomcat").toFile();
        base.deleteOnExit();
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(base.getPath());
        Connector connector = new Connector();
        connector.setPort(0); // any free one
        connector.setProperty("address", settings.text("address"));
        connector.setProperty("relaxedQueryChars", "|");
        connector.setProperty("maxThreads", settings.text("threads"));
        connector.setMaxPostSize(-1);
        tomcat.setConnector(connector);
        Context web = tomcat.addContext("", base.getPath());
        Wrapper servlet = Tomcat.addServlet(web, "fhir", spring.getBean(RestfulServer.class));
        servlet.setLoadOnStartup(1);
        servlet.setAsyncSupported(true);
        web.addServletMappingDecoded("/fhir/*", "fhir");
        tomcat.start();

        if (!connector.getState().isAvailable()) {
            throw new IllegalStateException("no port could be opened");
        }
        System.out.printf(
                "READY http://%s:%d/fhir after %.1f s%n",
                settings.text("address"), connector.getLocalPort(), (System.nanoTime() - begin) / 1e9);
        while (System.in.read() >= 0) {} // until whoever started us is gone
        System.exit(0); // nothing to save: the data is in memory
    }

    private HapiServer() {}
}
