"""A store of MLflow's artifacts, `parts:///folder`, that takes files in parts by presigned URLs, as S3 does: a plugin, for servers that have no S3.

Parts are put to $PARTS_URL/<upload>/<number>, which keeps each as a file below $PARTS_FOLDER. As in S3, an upload belongs to one key.
"""
import os
import posixpath
import uuid
from urllib.parse import urlparse

from mlflow.entities.multipart_upload import CreateMultipartUploadResponse, MultipartUploadCredential
from mlflow.store.artifact.artifact_repo import MultipartUploadMixin
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository


class PartsArtifactRepository(LocalArtifactRepository, MultipartUploadMixin):
    def __init__(self, artifact_uri, *args, **kwargs):
        super().__init__("file://" + urlparse(artifact_uri).path, *args, **kwargs)

    def _key(self, local_file, artifact_path):
        return posixpath.join(self.artifact_dir, artifact_path or "", os.path.basename(local_file))

    def create_multipart_upload(self, local_file, num_parts=1, artifact_path=None):
        upload_id = uuid.uuid4().hex
        folder = os.path.join(os.environ["PARTS_FOLDER"], upload_id)
        os.makedirs(folder)
        with open(os.path.join(folder, "key"), "w") as file:
            file.write(self._key(local_file, artifact_path))
        url = os.environ["PARTS_URL"]
        credentials = [
            MultipartUploadCredential(url=f"{url}/{upload_id}/{number}", part_number=number, headers={})
            for number in range(1, num_parts + 1)
        ]
        return CreateMultipartUploadResponse(upload_id=upload_id, credentials=credentials)

    def _folder(self, local_file, upload_id, artifact_path):
        folder = os.path.join(os.environ["PARTS_FOLDER"], uuid.UUID(upload_id).hex)
        with open(os.path.join(folder, "key")) as file:
            if file.read() != self._key(local_file, artifact_path):
                raise ValueError("NoSuchUpload")
        return folder

    def complete_multipart_upload(self, local_file, upload_id, parts=None, artifact_path=None):
        folder = self._folder(local_file, upload_id, artifact_path)
        key = self._key(local_file, artifact_path)
        os.makedirs(os.path.dirname(key), exist_ok=True)
        with open(key, "wb") as target:
            for part in sorted(parts, key=lambda part: part.part_number):
                with open(os.path.join(folder, str(part.part_number)), "rb") as source:
                    target.write(source.read())

    def abort_multipart_upload(self, local_file, upload_id, artifact_path=None):
        os.rename(self._folder(local_file, upload_id, artifact_path), os.path.join(os.environ["PARTS_FOLDER"], "aborted-" + upload_id))
