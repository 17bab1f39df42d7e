// Writes Spark's verdict into the corpus: which statements parse, and where and why the others do not.
//
//   java --add-exports java.base/sun.nio.ch=ALL-UNNAMED --add-opens java.base/java.nio=ALL-UNNAMED \
//     -cp "$SPARK_JARS/*:iceberg-spark-runtime.jar" Record.java *.txt
//
// A file is a list of entries: a line `=== verdict`, then the statement. The verdict is rewritten, the statement stays.
// Verdicts are `ok`, or `CONDITION line:position {parameter=value, …}` with the position in characters from 0, or
// `- line:position {text}` where Spark has no public condition, or `refused` where only a text of Iceberg's is known.
// `iceberg.txt` is read by Iceberg's parser, which hands what it does not know to Spark's.

import java.nio.file.*;
import java.util.*;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.catalyst.parser.ParseException;
import org.apache.spark.sql.catalyst.parser.ParserInterface;
import org.apache.spark.sql.execution.SparkSqlParser;

public class Record {
    public static void main(String[] files) throws Exception {
        ParserInterface spark = new SparkSqlParser();
        for (String file : files) {
            Path path = Path.of(file);
            ParserInterface parser = path.getFileName().toString().equals("iceberg.txt") ? iceberg(spark) : spark;
            StringBuilder out = new StringBuilder();
            String text = Files.readString(path);
            int start = text.startsWith("=== ") ? 0 : text.indexOf("\n=== ") + 1;
            out.append(text, 0, start);
            String kind = path.getFileName().toString();
            for (String entry : ("\n" + text.substring(start)).split("\n=== ")) {
                if (entry.isEmpty()) continue;
                int line = entry.indexOf('\n');
                String statement = line < 0 ? "" : entry.substring(line + 1).replaceAll("\n+$", "");
                out.append("=== ").append(verdict(parser, kind, statement)).append('\n').append(statement).append("\n\n");
            }
            Files.writeString(path, out.toString().stripTrailing() + "\n");
        }
        System.exit(0);
    }

    static ParserInterface iceberg(ParserInterface delegate) throws Exception {
        org.apache.spark.sql.SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false").getOrCreate();
        Class<?> type = Class.forName("org.apache.spark.sql.catalyst.parser.extensions.IcebergSparkSqlExtensionsParser");
        return (ParserInterface) type.getConstructor(ParserInterface.class).newInstance(delegate);
    }

    static String verdict(ParserInterface parser, String kind, String statement) {
        try {
            Object found = switch (kind) {
                case "expressions.txt" -> parser.parseExpression(statement);
                case "types.txt" -> parser.parseDataType(statement);
                default -> parser.parsePlan(statement);
            };
            if (System.getenv("TREE") != null) System.err.println(">> " + statement + "\n" + found);
            return "ok";
        } catch (Throwable error) {
            if (!(error instanceof SparkThrowable known)) {
                return "crash " + error.getClass().getSimpleName() + " " + String.valueOf(error.getMessage()).replace('\n', ' ');
            }
            String place = "-";
            if (error instanceof ParseException parse) {
                boolean placed = parse.line().isDefined() && parse.startPosition().isDefined();
                place = placed ? parse.line().get() + ":" + parse.startPosition().get() : "-";
            }
            if (known.getCondition() == null) return "refused";
            if (known.getCondition().startsWith("_LEGACY_")) {
                String text = error instanceof ParseException parse ? parse.message() : error.getMessage();
                return "- " + place + " {" + text.replace("\n", "\\n") + "}";
            }
            String parameters = new TreeMap<>(known.getMessageParameters()).toString().replace("\n", "\\n");
            return known.getCondition() + " " + place + " " + parameters;
        }
    }
}
