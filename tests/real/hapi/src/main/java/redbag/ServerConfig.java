package redbag;

import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.ValueSetOperationProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.parser.StrictErrorHandler;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.interceptor.LoggingInterceptor;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import jakarta.persistence.EntityManagerFactory;
import java.util.HashMap;
import java.util.Map;
import javax.sql.DataSource;
import org.apache.commons.dbcp2.BasicDataSource;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

@Configuration
@Import({
    JpaR4Config.class,
    HapiJpaConfig.class,
    JpaBatch2Config.class,
    Batch2JobsConfig.class,
    SubscriptionChannelConfig.class,
    ThreadPoolFactoryConfig.class
})
class ServerConfig {

    @Bean
    JpaStorageSettings storageSettings(Settings s) {
        JpaStorageSettings r = new JpaStorageSettings();
        // 0 or less: every search is run afresh (HAPI's own default serves a repeated search from a 60 s old result)
        int reuse = s.integer("search.reuse-ms");
        r.setReuseCachedSearchResultsForMillis(reuse > 0 ? (long) reuse : null);
        r.setEnforceReferentialIntegrityOnWrite(s.flag("integrity.on-write"));
        r.setEnforceReferentialIntegrityOnDelete(s.flag("integrity.on-delete"));
        r.setAutoCreatePlaceholderReferenceTargets(s.flag("references.auto-create"));
        r.setAllowExternalReferences(s.flag("references.allow-external"));
        r.setAllowMultipleDelete(s.flag("delete.allow-multiple"));
        r.setResourceClientIdStrategy(
                JpaStorageSettings.ClientIdStrategyEnum.valueOf(s.text("client-id")));
        r.setResourceServerIdStrategy(JpaStorageSettings.IdStrategyEnum.valueOf(s.text("server-id")));
        r.setHibernateSearchIndexFullText(false);
        return r;
    }

    @Bean
    PartitionSettings partitionSettings() {
        return new PartitionSettings();
    }

    @Bean
    SubscriptionSettings subscriptionSettings() {
        return new SubscriptionSettings();
    }

    @Bean(destroyMethod = "close")
    BasicDataSource dataSource(Settings s) {
        BasicDataSource r = new BasicDataSource();
        r.setUrl(s.text("db.url"));
        r.setUsername(s.text("db.user"));
        r.setPassword(s.text("db.password"));
        r.setMaxTotal(s.integer("db.pool"));
        r.setMaxIdle(s.integer("db.pool"));
        return r;
    }

    @Bean
    LocalContainerEntityManagerFactoryBean entityManagerFactory(
            ConfigurableListableBeanFactory beans,
            FhirContext fhir,
            JpaStorageSettings storage,
            DataSource dataSource,
            Settings s) {
        Map<String, Object> jpa = new HashMap<>();
        jpa.put("hibernate.dialect", HapiFhirH2Dialect.class.getName());
        jpa.put("hibernate.hbm2ddl.auto", s.text("db.ddl"));
        jpa.put("hibernate.jdbc.batch_size", "30");
        jpa.put("hibernate.order_inserts", "true");
        jpa.put("hibernate.search.enabled", "false");
        LocalContainerEntityManagerFactoryBean r =
                HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, fhir, storage);
        r.setPersistenceUnitName("HAPI_PU");
        r.setDataSource(dataSource);
        r.getJpaPropertyMap().putAll(jpa);
        return r;
    }

    @Bean
    JpaTransactionManager transactionManager(EntityManagerFactory emf) {
        return new JpaTransactionManager(emf);
    }

    @Bean
    RestfulServer restfulServer(
            Settings s,
            FhirContext fhir,
            IFhirSystemDao<?, ?> systemDao,
            IJpaSystemProvider systemProvider,
            ResourceProviderFactory resourceProviders,
            ValueSetOperationProvider valueSets,
            JpaStorageSettings storage,
            ISearchParamRegistry searchParams,
            IValidationSupport validation,
            DatabaseBackedPagingProvider paging) {
        if (s.flag("parser.strict")) {
            // refuse unknown elements, wrong types and the like instead of dropping them with a log line
            fhir.setParserErrorHandler(new StrictErrorHandler());
        }
        RestfulServer server = new RestfulServer(fhir);
        server.registerProviders(resourceProviders.createProviders());
        server.registerProviders(systemProvider, valueSets);
        JpaCapabilityStatementProvider statement =
                new JpaCapabilityStatementProvider(server, systemDao, storage, searchParams, validation);
        statement.setImplementationDescription("HAPI FHIR R4 test server");
        server.setServerConformanceProvider(statement);
        paging.setDefaultPageSize(s.integer("page.default"));
        paging.setMaximumPageSize(s.integer("page.max"));
        server.setPagingProvider(paging);
        server.setDefaultResponseEncoding(EncodingEnum.JSON);
        if (s.flag("log.requests")) {
            LoggingInterceptor log = new LoggingInterceptor();
            log.setLoggerName("redbag.access");
            log.setMessageFormat("${requestVerb} ${requestUrl} ${operationType} ${processingTimeMillis} ms");
            log.setErrorMessageFormat("${requestVerb} ${requestUrl} ERROR ${exceptionMessage}");
            server.registerInterceptor(log);
        }
        return server;
    }
}
