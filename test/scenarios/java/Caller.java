import org.mlflow.tracking.creds.BasicMlflowHostCreds;
import org.mlflow.tracking.creds.MlflowHostCreds;
import org.mlflow.tracking.creds.MlflowHostCredsProvider;

/** Credentials that can change while a client is in use: it asks for them before every request. */
final class Caller implements MlflowHostCredsProvider {
  private final String uri;
  private String token;

  Caller(String uri, String token) {
    this.uri = uri;
    this.token = token;
  }

  void setToken(String token) {
    this.token = token;
  }

  @Override
  public MlflowHostCreds getHostCreds() {
    return new BasicMlflowHostCreds(uri, token);
  }

  @Override
  public void refresh() {}
}
