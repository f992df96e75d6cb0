"""O*NET taxonomy and labour statistics: releases, the task index, retrieval, verification, assignment."""
